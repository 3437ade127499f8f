-- For wrk: signed deliveries of one body, each with a delivery id of its own, as a sender's are.
-- BENCH_BODY (a file), BENCH_SIGNATURE, BENCH_RUN (part of the ids, so that no two runs share any).

local n_threads = 0

function setup(thread)
   n_threads = n_threads + 1
   thread:set("number", n_threads)
end

function init()
   local file = assert(io.open(os.getenv("BENCH_BODY"), "rb"))
   local body = file:read("*a")
   file:close()
   before = table.concat({
      "POST " .. wrk.path .. " HTTP/1.1",
      "Host: " .. wrk.host .. ":" .. wrk.port,
      "Content-Type: application/json",
      "Content-Length: " .. #body,
      "X-GitHub-Event: workflow_run",
      "X-Hub-Signature-256: sha256=" .. os.getenv("BENCH_SIGNATURE"),
      "X-GitHub-Delivery: " .. os.getenv("BENCH_RUN") .. "-" .. number .. "-",
   }, "\r\n")
   after = "\r\n\r\n" .. body
   n_sent = 0
end

function request()
   n_sent = n_sent + 1
   return before .. n_sent .. after
end
