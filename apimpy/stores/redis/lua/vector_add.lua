-- KEYS 1: the entry (a hash; its fields are said in `apimpy.stores.redis.vectors`).  ARGV 4 the seconds it is kept for,
-- then names and values.
-- include: _time

redis.call('HSET', KEYS[1], unpack(ARGV, 5))
keep(KEYS[1], tonumber(ARGV[4]))
return ''
