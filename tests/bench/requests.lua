-- For wrk: whole requests out of the files that BENCH_REQUESTS names (divided by colons), in turns. In each, @NUMBER@ becomes a number
-- of ten digits that no other request has, so that no delivery repeats another and no length changes.
-- BENCH_RUN: a digit or two, so that no two runs share numbers.

local n_threads = 0

function setup(thread)
   n_threads = n_threads + 1
   thread:set("number", n_threads)
end

local function parts_of(path)
   local file = assert(io.open(path, "rb"))
   local text = file:read("*a")
   file:close()
   local from, to = text:find("@NUMBER@", 1, true)
   assert(from, path .. " has no @NUMBER@")
   return { before = text:sub(1, from - 1), after = text:sub(to + 1) }
end

function init()
   requests = {}
   for path in os.getenv("BENCH_REQUESTS"):gmatch("[^:]+") do
      requests[#requests + 1] = parts_of(path)
   end
   first = tonumber(os.getenv("BENCH_RUN")) * 100000000 + number * 10000000
   n_sent = 0
end

function request()
   n_sent = n_sent + 1
   local one = requests[n_sent % #requests + 1]
   return one.before .. string.format("%010d", first + n_sent) .. one.after
end
