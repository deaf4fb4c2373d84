-- KEYS 1: until when the breaker is open.  Answer: the microseconds that are left, 0 when it is closed.
-- include: _time _open

return whole(open_for(KEYS[1], moment()))
