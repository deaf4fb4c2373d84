-- ARGV of every script: 1 the moment in seconds ('' = the server's own), 2 milliseconds for which an operation is
-- remembered, 3 milliseconds that keys outlive what they are kept for.  Then the verb's own.

local EPSILON = 1e-9

local function moment()
  if ARGV[1] ~= '' then
    return tonumber(ARGV[1])
  end
  local t = redis.call('TIME')
  return tonumber(t[1]) + tonumber(t[2]) / 1e6
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
