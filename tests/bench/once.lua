-- For wrk: the requests of the file BENCH_FILE, each once: eight digits that say how many bytes follow, then these. Threads take them in turns; who runs out of them repeats the last.

local n_threads = 0

function setup(thread)
   n_threads = n_threads + 1
   thread:set("number", n_threads)
end

function init()
   local file = assert(io.open(os.getenv("BENCH_FILE"), "rb"))
   local n_seen = 0
   requests = {}
   while true do
      local length = file:read(8)
      if not length then break end
      local text = file:read(tonumber(length))
      if n_seen % 2 == number % 2 then requests[#requests + 1] = text end
      n_seen = n_seen + 1
   end
   file:close()
   n_sent = 0
end

function request()
   n_sent = math.min(n_sent + 1, #requests)
   return requests[n_sent]
end
