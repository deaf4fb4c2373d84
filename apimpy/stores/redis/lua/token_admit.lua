-- KEYS 2 the rate, 3 the quota.  ARGV 4 the algorithm, 5 the rate's limit, 6 what is needed of it, 7 the quota's limit,
-- 8 what is needed of it, 9 the end of its window; '' for a limit or a need that there is not.
-- Answer: left of the rate, left of the quota, refused by (0 nobody, 1 the rate, 2 the quota), seconds to wait (-1 never).
-- include: _time _once _bucket _minute _quota

local seen = answered()
if seen then
  return seen
end
local now = moment()
local kind = ARGV[4] == 'bucket' and bucket or minute
local rate, rate_need = tonumber(ARGV[5]), tonumber(ARGV[6])
local limit, quota_need, ends = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]
local rate_left, quota_left, state, spent = 0, 0, nil, nil

local function answer(refused, wait)
  return table.concat({whole(rate_left), whole(quota_left), whole(refused), whole(wait)}, ' ')
end

if limit then
  spent = quota.load(KEYS[3], ends)
  quota_left = limit - spent.used
end
if rate then
  state = kind.load(KEYS[2], rate, now)
  rate_left = kind.left(state, now)
  if not kind.fits(state, rate_need) then
    kind.save(state)
    return answer(1, kind.wait(state, rate_need, now))
  end
end
if limit and quota_left < (quota_need or 0) then
  if rate then
    kind.save(state)
  end
  return answer(2, -1)
end
local takes_rate, takes_quota = rate and (rate_need or 0) ~= 0, limit and (quota_need or 0) ~= 0
if takes_rate then
  kind.charge(state, rate_need, now)
  rate_left = rate_left - rate_need
end
if rate then
  kind.save(state)
end
if takes_quota then
  quota.add(spent, quota_need, ends, now)
  quota_left = quota_left - quota_need
end
return (takes_rate or takes_quota) and remember(answer(0, -1)) or answer(0, -1)
