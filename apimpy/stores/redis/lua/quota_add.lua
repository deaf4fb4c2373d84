-- KEYS 2…: the counters.  ARGV from 4: limit (not looked at), cost and end ('' = none) of every one.
-- include: _time _once _quota

if answered() then
  return ''
end
local now = moment()
for i = 2, #KEYS do
  local at = 3 * i - 2
  quota.add(quota.load(KEYS[i], ARGV[at + 2]), math.max(0, tonumber(ARGV[at + 1])), ARGV[at + 2], now)
end
return remember('')
