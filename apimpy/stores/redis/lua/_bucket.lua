-- A balance of tokens that starts full at the limit and refills at a sixtieth of it a second; below zero is a debt
-- (a hash: balance, at).

local bucket = {}

local MINUTE = 60

function bucket.load(key, limit, now)
  local found = redis.call('HMGET', key, 'balance', 'at')
  return {key = key, limit = limit, balance = tonumber(found[1] or exact(limit)), at = tonumber(found[2] or exact(now))}
end

-- Whole tokens, at most the limit; negative: a debt.
function bucket.left(state, now)
  if now > state.at then
    state.balance = state.balance + (now - state.at) * state.limit / (MINUTE * SECOND)
    state.at = now
  end
  state.balance = math.min(state.balance, state.limit)
  return math.floor(state.balance + EPSILON)
end

-- Asked after `left`, as is `wait`.  `need` is nil when nothing is to be reserved.
function bucket.fits(state, need)
  if not need then
    return state.balance > EPSILON
  end
  return state.balance + EPSILON >= need
end

-- Whole seconds until the need fits; -1 when that never happens.
function bucket.wait(state, need, now)
  need = need or 0
  if need > state.limit or state.limit <= 0 then
    return -1
  end
  return math.max(1, math.ceil((need - state.balance - EPSILON) * MINUTE / state.limit))
end

function bucket.charge(state, tokens, now)
  state.balance = state.balance - tokens
end

function bucket.give_back(state, tokens, since)
  state.balance = state.balance + tokens
end

-- A full one stays a minute, for those with another limit.
function bucket.save(state)
  redis.call('HSET', state.key, 'balance', exact(state.balance), 'at', exact(state.at))
  keep(state.key, math.max(MINUTE, (state.limit - state.balance) * MINUTE / math.max(1, state.limit)))
end
