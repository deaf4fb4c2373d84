-- KEYS 1: who is inside.  ARGV 4 the lease in seconds, then places: those that are still inside stay longer.
-- include: _time

local ends = exact(moment() + tonumber(ARGV[4]) * SECOND)
for i = 5, #ARGV do
  redis.call('ZADD', KEYS[1], 'XX', ends, ARGV[i])
end
keep(KEYS[1], tonumber(ARGV[4]))
return ''
