-- KEYS 1: who is inside (a sorted set: places by the end of their lease).  ARGV 4 the place, 5 the limit, 6 the lease
-- in seconds.  A place whose lease has ended is free: its process died.  Answer: 1 inside, 0 full.
-- include: _time

local key, now = KEYS[1], moment()
if redis.call('ZSCORE', key, ARGV[4]) then
  return '1'
end
redis.call('ZREMRANGEBYSCORE', key, '-inf', exact(now))
if redis.call('ZCARD', key) >= tonumber(ARGV[5]) then
  return '0'
end
redis.call('ZADD', key, exact(now + tonumber(ARGV[6]) * SECOND), ARGV[4])
keep(key, tonumber(ARGV[6]))
return '1'
