-- KEYS 2: the counter.  ARGV 4 the algorithm, 5 the count (positive), 6 limit, 7 period.
-- include: _time _once _level _window

if answered() then
  return ''
end
local now, kind = moment(), ARGV[4] == 'bucket' and level or window
local state = kind.load(KEYS[2], now)
kind.left(state, tonumber(ARGV[6]), tonumber(ARGV[7]), now)  -- brings it to this moment
kind.add(state, tonumber(ARGV[5]), now)
kind.save(state)
return remember('')
