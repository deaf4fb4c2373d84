-- The load: a conversation whose last message is new in every request, as in life; at the end one line of JSON.
-- BODY is a file, TOKEN a bearer token.
local file = assert(io.open(os.getenv("BODY"), "rb"))
wrk.method, wrk.body = "POST", file:read("*a")
file:close()
for name, value in pairs({
  ["Content-Type"] = "application/json",
  ["Accept"] = "application/json",
  ["Authorization"] = "Bearer " .. os.getenv("TOKEN"),
  ["Origin"] = "https://app.example",
  ["User-Agent"] = "OpenAI/Python 1.99.0",
  ["X-Stainless-Lang"] = "python",
  ["X-Stainless-Retry-Count"] = "0",
  ["X-Team"] = "bench",
}) do wrk.headers[name] = value end

local number, body = 0, wrk.body
request = function()
  number = number + 1
  return wrk.format(nil, nil, nil, (body:gsub("three hundred", number .. " hundred", 1)))
end

done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"seconds":%.3f,"bad":%d,"p50":%.0f,"p99":%.0f}\n', summary.requests,
    summary.duration / 1e6, e.status + e.connect + e.read + e.write + e.timeout, latency:percentile(50), latency:percentile(99)))
end
