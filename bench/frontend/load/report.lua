-- Prints what wrk measured as one line of JSON: requests, the same a second, latencies in milliseconds, and all that went wrong.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"requestsPerSecond":%.1f,"p50":%.3f,"p99":%.3f,"failed":%d}\n',
    summary.requests,
    summary.requests / (summary.duration / 1e6),
    latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
