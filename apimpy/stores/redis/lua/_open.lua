-- Until when a breaker is open is the value of a key that ends then.

local function open_for(key, now)
  local till = redis.call('GET', key)
  return till and math.max(0, tonumber(till) - now) or 0
end
