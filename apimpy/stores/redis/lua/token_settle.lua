-- KEYS 2 the rate, 3 the quota.  ARGV 4 the algorithm, 5 the rate's limit, 6 the tokens it is charged (negative: given
-- back), 7 the quota's limit, 8 the tokens it is charged, 9 the end of its window, 10 when they were reserved ('' = by
-- the server's clock), 11 how many seconds ago that was; '' for a limit that there is not.
-- Answer: left of the rate, left of the quota.
-- include: _time _once _bucket _minute _quota

local seen = answered()
if seen then
  return seen
end
local now = moment()
local kind = ARGV[4] == 'bucket' and bucket or minute
local rate, tokens = tonumber(ARGV[5]), tonumber(ARGV[6])
local limit, quota_tokens, ends = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]
local rate_left, quota_left = 0, 0
-- Reserving took a way of its own, so how long ago it was here is known only roughly.
local ROUGHLY = 0.25

if rate then
  local since = tonumber(ARGV[10])
  since = since and microseconds(since) or now - (tonumber(ARGV[11]) - ROUGHLY) * SECOND
  local state = kind.load(KEYS[2], rate, now)
  kind.left(state, now)  -- brings it to this moment
  if tokens > 0 then
    kind.charge(state, tokens, now)
  elseif tokens < 0 then
    kind.give_back(state, -tokens, since)
  end
  rate_left = kind.left(state, now)
  kind.save(state)
end
if limit then
  local spent = quota.load(KEYS[3], ends)
  quota.add(spent, quota_tokens, ends, now)
  quota_left = limit - spent.used
end
return remember(whole(rate_left) .. ' ' .. whole(quota_left))
