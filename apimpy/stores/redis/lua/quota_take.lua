-- KEYS 2…: the counters.  ARGV from 4: limit, cost and end ('' = none) of every one.
-- Answer: the number of the first that is used up, from 0; -1 when none is: then every cost has been added.
-- include: _time _once _quota

local seen = answered()
if seen then
  return seen
end
local now, adds = moment(), false
for i = 2, #KEYS do
  local at = 3 * i - 2
  local state = quota.load(KEYS[i], ARGV[at + 2])
  if state.used >= tonumber(ARGV[at]) then
    return whole(i - 2)
  end
  adds = adds or tonumber(ARGV[at + 1]) > 0
end
for i = 2, #KEYS do
  local at = 3 * i - 2
  quota.add(quota.load(KEYS[i], ARGV[at + 2]), math.max(0, tonumber(ARGV[at + 1])), ARGV[at + 2], now)
end
return adds and remember('-1') or '-1'
