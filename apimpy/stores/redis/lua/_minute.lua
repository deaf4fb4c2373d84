-- The charges of the last 60 seconds, each leaving 60 seconds after it was made (a sorted set by time).  A member is
-- tokens:number; numbers grow.  The first one, at -inf, is `=` what all of them hold together and the last number.

local minute = {}

local MERGE_ABOVE, MERGE_WITHIN, STRIDE = 1024, 0.05 * SECOND, 100
local MINUTE = 60 * SECOND

local function parts(member)
  local tokens, number = string.match(member, '^=?(-?%d+):(%d+)$')
  return tonumber(tokens), tonumber(number)
end

local function place(state, at, tokens, number)
  redis.call('ZADD', state.key, exact(at), whole(tokens) .. ':' .. whole(number))
end

function minute.load(key, limit, now)
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  local state = {key = key, limit = limit, used = 0, number = 0, known = nil}
  if first[2] == '-inf' then
    state.known = first[1]
    state.used, state.number = parts(first[1])
  end
  return state
end

-- Tokens left; negative: it has been passed.
function minute.left(state, now)
  local gone = exact(now - MINUTE)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', state.key, '(-inf', gone)) do
    state.used = state.used - parts(member)
  end
  redis.call('ZREMRANGEBYSCORE', state.key, '(-inf', gone)
  return state.limit - state.used
end

-- Asked after `left`, as is `wait`.  `need` is nil when nothing is to be reserved.
function minute.fits(state, need)
  if not need then
    return state.used < state.limit
  end
  return state.used + need <= state.limit
end

-- Whole seconds until enough charges have left; -1 when that never happens.
function minute.wait(state, need, now)
  local room = state.limit - (need or 1)
  if room < 0 then
    return -1
  end
  local used, wait, from = state.used, 1, 0
  while used > room do
    local found = redis.call('ZRANGEBYSCORE', state.key, '(-inf', '+inf', 'WITHSCORES', 'LIMIT', from, STRIDE)
    if not found[1] then
      break
    end
    for i = 1, #found, 2 do
      if used <= room then
        break
      end
      used = used - parts(found[i])
      wait = math.max(1, math.ceil((tonumber(found[i + 1]) + MINUTE - now) / SECOND))
    end
    from = from + STRIDE
  end
  return wait
end

function minute.charge(state, tokens, now)
  state.used = state.used + tokens
  state.number = state.number + 1
  local last = redis.call('ZRANGE', state.key, -1, -1, 'WITHSCORES')
  local at = last[2] and last[2] ~= '-inf' and tonumber(last[2])
  -- the same moment, or a key so busy that twentieths of a second are fine enough
  if at and (at >= now or (now - at < MERGE_WITHIN and redis.call('ZCARD', state.key) > MERGE_ABOVE + 1)) then
    redis.call('ZREM', state.key, last[1])
    now, tokens = at, tokens + parts(last[1])
  end
  place(state, now, tokens, state.number)
end

-- Off the charge made at `since`, and off earlier ones where that is not enough.
function minute.give_back(state, tokens, since)
  local from = 0
  while tokens > 0 do
    local found = redis.call('ZREVRANGEBYSCORE', state.key, exact(since), '(-inf', 'WITHSCORES', 'LIMIT', from, STRIDE)
    if not found[1] then
      return
    end
    for i = 1, #found, 2 do
      local held, number = parts(found[i])
      local taken = math.min(held, tokens)
      if taken > 0 then
        redis.call('ZREM', state.key, found[i])
        place(state, tonumber(found[i + 1]), held - taken, number)
        state.used, tokens = state.used - taken, tokens - taken
      end
    end
    from = from + STRIDE
  end
end

function minute.save(state)
  local first = '=' .. whole(state.used) .. ':' .. whole(state.number)
  if first ~= state.known then
    if state.known then
      redis.call('ZREM', state.key, state.known)
    end
    redis.call('ZADD', state.key, '-inf', first)
  end
  if redis.call('ZCARD', state.key) == 1 then
    redis.call('DEL', state.key)
  else
    keep(state.key, 60)
  end
end
