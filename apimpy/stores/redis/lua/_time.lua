-- ARGV of every script: 1 the moment in seconds ('' = the server's own), 2 milliseconds for which an operation is
-- remembered, 3 milliseconds that keys outlive what they are kept for.  Then the verb's own.

-- Why moments are whole microseconds: see `apimpy.stores.moments`, whose arithmetic this is.
local SECOND, EPSILON = 1e6, 1e-6

local function microseconds(seconds)
  return math.floor(seconds * SECOND + 0.5)
end

local function moment()
  if ARGV[1] ~= '' then
    return microseconds(tonumber(ARGV[1]))
  end
  local t = redis.call('TIME')
  return tonumber(t[1]) * SECOND + tonumber(t[2])
end

-- Every digit of a double; Redis itself keeps only seventeen of some and none of the fraction of others.
local function exact(number)
  return string.format('%.17g', number)
end

local function whole(number)
  return string.format('%.0f', number)
end

-- Let a key live for so many seconds and the grace.
local function keep(key, seconds)
  redis.call('PEXPIRE', key, whole(math.ceil(math.max(0, seconds) * 1000) + tonumber(ARGV[3])))
end
