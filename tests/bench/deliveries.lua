-- For wrk: signed deliveries of some bodies in turns, each with a delivery id of its own, as a sender's are.
-- BENCH_BODIES (files divided by colons: a line with the signature, then the body), BENCH_RUN (part of the ids, so that no two runs share any).
-- BENCH_RATE: at most so many a second from each thread; without it as fast as they are answered.

local n_threads = 0
local rate = tonumber(os.getenv("BENCH_RATE"))

function setup(thread)
   n_threads = n_threads + 1
   thread:set("number", n_threads)
end

local function parts_of(path)
   local file = assert(io.open(path, "rb"))
   local signature, body = file:read("*l"), file:read("*a")
   file:close()
   local before = table.concat({
      "POST " .. wrk.path .. " HTTP/1.1",
      "Host: " .. wrk.host .. ":" .. wrk.port,
      "Content-Type: application/json",
      "Content-Length: " .. #body,
      "X-GitHub-Event: workflow_run",
      "X-Hub-Signature-256: sha256=" .. signature,
      "X-GitHub-Delivery: " .. os.getenv("BENCH_RUN") .. "-" .. number .. "-",
   }, "\r\n")
   return { before = before, after = "\r\n\r\n" .. body }
end

function init()
   deliveries = {}
   for path in os.getenv("BENCH_BODIES"):gmatch("[^:]+") do
      deliveries[#deliveries + 1] = parts_of(path)
   end
   n_sent = 0
end

function request()
   n_sent = n_sent + 1
   local one = deliveries[n_sent % #deliveries + 1]
   return one.before .. n_sent .. one.after
end

-- Each request has its moment; who is late goes at once. wrk asks for delays only where this function is.
if rate then
   local ffi = require("ffi")
   ffi.cdef("typedef struct { long s, us; } moment; int gettimeofday(moment *now, void *zone);")
   local now = ffi.new("moment")
   local due

   function delay()
      ffi.C.gettimeofday(now, nil)
      local now_ms = tonumber(now.s) * 1000 + tonumber(now.us) / 1000
      due = math.max((due or now_ms) + 1000 / rate, now_ms - 100)
      return math.max(0, math.floor(due - now_ms))
   end
end
