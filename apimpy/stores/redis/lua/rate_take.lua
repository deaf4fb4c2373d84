-- KEYS 2…: the counters.  ARGV 4 the algorithm, 5 what the call counts as, then limit and period of every counter.
-- Answer: allowed (1 or 0), remaining, seconds to wait.
-- include: _time _once _level _window

local seen = answered()
if seen then
  return seen
end
local now, cost = moment(), tonumber(ARGV[5])
local kind = ARGV[4] == 'bucket' and level or window
local rates, states, left = {}, {}, math.huge
for i = 2, #KEYS do
  local key = KEYS[i]
  states[key] = states[key] or kind.load(key, now)
  local rate = {state = states[key], limit = tonumber(ARGV[2 * i + 2]), period = tonumber(ARGV[2 * i + 3])}
  left = math.min(left, kind.left(rate.state, rate.limit, rate.period, now))
  rates[#rates + 1] = rate
end
local wait = 0
for _, rate in ipairs(rates) do
  if left > 0 and cost > 0 then
    kind.add(rate.state, cost, now)
  elseif left <= 0 and kind.left(rate.state, rate.limit, rate.period, now) <= 0 then
    wait = math.max(wait, kind.wait(rate.state, rate.limit, rate.period, now))
  end
end
for _, state in pairs(states) do
  kind.save(state)
end
if left <= 0 then
  return '0 0 ' .. whole(wait)
end
local answer = '1 ' .. whole(math.max(0, left - math.max(0, cost))) .. ' 0'
return cost > 0 and remember(answer) or answer
