-- The load: one chat request over and over; at the end one line of JSON.  BODY is a file.
local file = assert(io.open(os.getenv("BODY"), "rb"))
wrk.method, wrk.body = "POST", file:read("*a")
file:close()
for name, value in pairs({
  ["Content-Type"] = "application/json",
  ["Accept"] = "application/json",
  ["Authorization"] = "Bearer bench",
  ["User-Agent"] = "OpenAI/Python 1.99.0",
  ["X-Stainless-Lang"] = "python",
  ["X-Stainless-Retry-Count"] = "0",
  ["X-Team"] = "bench",
}) do wrk.headers[name] = value end

done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"seconds":%.3f,"bad":%d,"p50":%.0f,"p99":%.0f}\n', summary.requests,
    summary.duration / 1e6, e.status + e.connect + e.read + e.write + e.timeout, latency:percentile(50), latency:percentile(99)))
end
