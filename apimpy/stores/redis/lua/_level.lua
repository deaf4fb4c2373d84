-- A level that rises by one with every call and drains at limit / period a second (a hash: level, at).

local level = {}

function level.load(key, now)
  local found = redis.call('HMGET', key, 'level', 'at')
  return {key = key, level = tonumber(found[1] or '0'), at = tonumber(found[2] or exact(now)), limit = 1, period = 1}
end

-- Whole calls below the limit; negative when it has been passed.
function level.left(state, limit, period, now)
  state.limit, state.period = limit, period
  state.level = math.max(0, state.level - math.max(0, now - state.at) * limit / (period * SECOND))
  state.at = math.max(state.at, now)
  return math.floor(limit - state.level + EPSILON)
end

-- Whole seconds until one call fits; `left` has been asked at the same time.
function level.wait(state, limit, period, now)
  return math.max(1, math.ceil((state.level + 1 - limit - EPSILON) * period / limit))
end

function level.add(state, count, now)
  state.level = state.level + count
end

function level.save(state)
  if state.level <= 0 then
    redis.call('DEL', state.key)
    return
  end
  redis.call('HSET', state.key, 'level', exact(state.level), 'at', exact(state.at))
  keep(state.key, state.level * state.period / state.limit)
end
