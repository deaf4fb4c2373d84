-- KEYS 2 until when the breaker is open, 3 the moments of the latest failures (a list), 4 attempts (a) and failures (f)
-- of the interval by slot (a hash).
-- ARGV of the rule: 4 failures that trip ('' = any number), 5 interval in seconds, 6 percentage ('' = none),
-- 7 attempts before a percentage means anything, 8 slots of the interval.
-- ARGV of the outcome: 9 failed, 10 an attempt (both 0 or 1), 11 seconds for which it opens.
-- Answer: microseconds for which the breaker is open now, and 1 when this opened it, else 0.
-- include: _time _once _open

local known = answered()
if known then
  return known
end
local now, interval = moment(), tonumber(ARGV[5])
local left = open_for(KEYS[2], now)
if left > 0 then
  return remember(whole(left) .. ' 0')
end
local failed, tripped = ARGV[9] == '1', false

if failed and ARGV[4] ~= '' then
  local count = tonumber(ARGV[4])
  redis.call('RPUSH', KEYS[3], exact(now))
  redis.call('LTRIM', KEYS[3], -count, -1)
  keep(KEYS[3], interval)
  local first = tonumber(redis.call('LINDEX', KEYS[3], 0))
  tripped = redis.call('LLEN', KEYS[3]) == count and now - first <= interval * SECOND
end

if ARGV[6] ~= '' then
  local slots = tonumber(ARGV[8])
  local slot = math.floor(now / (interval * SECOND / slots))
  redis.call('HINCRBY', KEYS[4], whole(slot) .. 'a', ARGV[10])
  redis.call('HINCRBY', KEYS[4], whole(slot) .. 'f', ARGV[9])
  keep(KEYS[4], interval)
  local sums = {a = 0, f = 0}
  local found = redis.call('HGETALL', KEYS[4])
  for i = 1, #found, 2 do
    local at, kind = string.match(found[i], '^(%d+)(%a)$')
    -- of the future: the interval, and with it the numbers, have changed; the clock may go back by one
    if tonumber(at) <= slot - slots or tonumber(at) > slot + 1 then
      redis.call('HDEL', KEYS[4], found[i])
    else
      sums[kind] = sums[kind] + tonumber(found[i + 1])
    end
  end
  tripped = tripped or (sums.a >= tonumber(ARGV[7]) and sums.f * 100 >= tonumber(ARGV[6]) * sums.a)
end

if not (failed and tripped) then
  return remember('0 0')
end
local wait = tonumber(ARGV[11])
redis.call('SET', KEYS[2], exact(now + wait * SECOND), 'PX', whole(math.ceil(wait * 1000) + tonumber(ARGV[3])))
redis.call('DEL', KEYS[3], KEYS[4])
return remember(whole(wait * SECOND) .. ' 1')
