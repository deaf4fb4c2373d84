-- What was counted in the last seconds (a sorted set by time).  A member is sum:count:number, the sum being of all
-- counts up to and with this one since the key was made: what lies between two moments is the difference of two sums.
-- The first member, at -inf, is the longest period that anybody asked for: older ones are dropped.

local window = {}

local MERGE_ABOVE, MERGE_WITHIN, STRIDE = 1024, 0.05 * SECOND, 100

local function parts(member)
  local sum, count, number = string.match(member, '^(-?%d+):(-?%d+):(%d+)$')
  return tonumber(sum), tonumber(count), tonumber(number)
end

-- The newest: its sum, number, count and time; zeros when there is none.
local function newest(state)
  local found = redis.call('ZRANGE', state.key, -1, -1, 'WITHSCORES')
  if not found[1] or found[2] == '-inf' then
    return 0, 0, 0, nil
  end
  local sum, count, number = parts(found[1])
  return sum, number, count, tonumber(found[2]), found[1]
end

function window.load(key, now)
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  local known = 0
  if first[2] == '-inf' then
    known = tonumber(first[1])
  end
  return {key = key, known = known, period = known}
end

-- What is counted in the period; the older ones leave the set.
function window.used(state, period, now)
  state.period = math.max(state.period, period)
  redis.call('ZREMRANGEBYSCORE', state.key, '(-inf', exact(now - state.period * SECOND))
  local first = redis.call('ZRANGEBYSCORE', state.key, '(' .. exact(now - period * SECOND), '+inf', 'LIMIT', 0, 1)
  if not first[1] then
    return 0
  end
  local sum, count = parts(first[1])
  return newest(state) - sum + count
end

-- Calls below the limit; negative when it has been passed.
function window.left(state, limit, period, now)
  return limit - window.used(state, period, now)
end

-- Whole seconds until no more than `room` is counted: until enough of the oldest have left.
function window.wait_for(state, room, period, now)
  local used, wait, from = window.used(state, period, now), 1, 0
  while used > room do
    local found = redis.call('ZRANGEBYSCORE', state.key, '(' .. exact(now - period * SECOND), '+inf', 'WITHSCORES',
      'LIMIT', from, STRIDE)
    if not found[1] then
      break
    end
    for i = 1, #found, 2 do
      if used <= room then
        break
      end
      local _, count = parts(found[i])
      used = used - count
      wait = math.max(1, math.ceil((tonumber(found[i + 1]) + period * SECOND - now) / SECOND))
    end
    from = from + STRIDE
  end
  return wait
end

function window.wait(state, limit, period, now)
  return window.wait_for(state, limit - 1, period, now)
end

function window.add(state, count, now)
  local sum, number, before, at, member = newest(state)
  -- the same moment, or a key so busy that twentieths of a second are fine enough
  if at and (at >= now or (now - at < MERGE_WITHIN and redis.call('ZCARD', state.key) > MERGE_ABOVE + 1)) then
    redis.call('ZREM', state.key, member)
    now, count, sum = at, count + before, sum - before
  end
  redis.call('ZADD', state.key, exact(now),
    whole(sum + count) .. ':' .. whole(count) .. ':' .. whole(number + 1))
end

function window.save(state)
  local _, number = newest(state)
  if number == 0 then
    redis.call('DEL', state.key)
    return
  end
  if state.period ~= state.known then
    if state.known > 0 then
      redis.call('ZREM', state.key, whole(state.known))
    end
    redis.call('ZADD', state.key, '-inf', whole(state.period))
  end
  keep(state.key, state.period)
end
