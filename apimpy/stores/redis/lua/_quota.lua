-- What has been used of windows that follow each other (a hash: used, until; until '' = a window without end).

local quota = {}

-- A quota without end is forgotten when nobody has asked for it so long.
local ENDLESS = 366 * 86400
-- Who says when a window ends has a clock of its own.
local SKEW = 60

local function is_later(one, other)
  return one ~= '' and other ~= '' and tonumber(one) > tonumber(other)
end

function quota.load(key, ends)
  local found = redis.call('HMGET', key, 'used', 'until')
  local state = {key = key, used = tonumber(found[1] or '0'), ends = found[2] or ends}
  if is_later(ends, state.ends) then
    state.used, state.ends = 0, ends
  end
  if ends == '' then
    keep(key, ENDLESS)
  end
  return state
end

-- A negative cost is given back, never below nothing.  A window that is over gets nothing.
function quota.add(state, cost, ends, now)
  if cost == 0 or is_later(state.ends, ends) then
    return
  end
  state.used, state.ends = math.max(0, state.used + cost), ends
  redis.call('HSET', state.key, 'used', whole(state.used), 'until', ends)
  keep(state.key, ends == '' and ENDLESS or tonumber(ends) - now / SECOND + SKEW)
end
