-- KEYS 1: who is inside.  ARGV 4 the place that is given back.
-- include: _time

redis.call('ZREM', KEYS[1], ARGV[4])
return ''
