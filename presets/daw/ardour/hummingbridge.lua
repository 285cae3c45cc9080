-- The Ardour side of Hummingbridge: takes jobs from a folder, one at a time, and answers in files.
--
-- A job is `inbox.job`, its answer `answers/<id>`; both hold one `key=value` a line, values percent-encoded.
-- Only the action works: while Ardour imports a file it lets its timers run, and one busy flag in one Lua state
-- keeps a second job from starting in the middle. The hook looks for a job ten times a second and calls the action;
-- a message over OSC calls it at once.

local PROTOCOL = "1"
local MARK = "hummingbridge"

local function decoded (text)
	return (text:gsub ("%%(%x%x)", function (hex) return string.char (tonumber (hex, 16)) end))
end

local function encoded (value)
	return (tostring (value):gsub ("[^%w%-%._~/ ]", function (c) return string.format ("%%%02X", c:byte ()) end))
end

local function exists (path)
	local file = io.open (path, "rb")
	if file then file:close () end
	return file ~= nil
end

local function read_whole (path)
	local file = io.open (path, "rb")
	if not file then return nil end
	local text = file:read ("a")
	file:close ()
	return text
end

local function parsed (text)
	local job = {}
	for key, value in text:gmatch ("([%w_%.]+)=([^\r\n]*)\r?\n") do job[key] = decoded (value) end
	return job
end

-- An id becomes a file name, so nothing but letters, digits and dashes is taken.
local function usable_id (id)
	return type (id) == "string" and #id > 0 and #id <= 80 and not id:find ("[^%w%-]")
end

-- A refusal that the composer can do something about; anything else that goes wrong is reported as "failed".
local function refuse (code, message)
	error ({ code = code, message = message }, 0)
end

-- Ardour 7 gives beats to Lua only as text, "22:960": quarters and 1920ths of a quarter.
local function ticks (beats)
	local quarters, rest = tostring (beats):match ("^(-?%d+):(%d+)$")
	return math.tointeger (tonumber (quarters)) * Temporal.ticks_per_beat + math.tointeger (tonumber (rest))
end

-- Lua writes numbers the way the composer's language does; the answer always has a point.
local function decimal (number)
	return (string.format ("%.9f", number):gsub (",", "."))
end

local function load_part (folder, name, tools)
	local chunk, reason = loadfile (folder .. "/" .. name)
	if not chunk then error ("cannot load " .. name .. ": " .. tostring (reason)) end
	return chunk () (tools)
end

local function write_answer (folder, id, answer)
	local lines = {}
	for key, value in pairs (answer) do lines[#lines + 1] = key .. "=" .. encoded (value) end
	table.sort (lines)
	lines[#lines + 1] = "end\n"
	local part = folder .. "/answers/." .. id .. ".part"
	local file = io.open (part, "wb")
	if not file then return end
	local written = file:write (table.concat (lines, "\n"))
	file:close ()
	if written then os.rename (part, folder .. "/answers/" .. id) else os.remove (part) end
end

local function answered (operations, job)
	local answer = { protocol = PROTOCOL, op = job.op or "" }
	local done, problem = pcall (function ()
		if job.protocol ~= PROTOCOL then
			refuse ("protocol", "the job speaks protocol " .. tostring (job.protocol) .. ", not " .. PROTOCOL)
		end
		if tonumber (job.expires or "0") < os.time () then refuse ("expired", "the job came too late") end
		if not Session then refuse ("no-session", "no session is open") end
		local operation = operations[job.op]
		if not operation then refuse ("bad-request", "no operation " .. tostring (job.op)) end
		operation (job, answer)
	end)
	if done then
		answer.ok = 1
		return answer
	end
	if type (problem) ~= "table" then problem = { code = "failed", message = tostring (problem) } end
	return { protocol = PROTOCOL, op = job.op or "", ok = 0, code = problem.code, message = problem.message }
end

local function action (folder)
	local tools = { refuse = refuse, exists = exists, ticks = ticks, decimal = decimal, MARK = MARK }
	local operations = {}
	for _, name in ipairs { "session.lua", "insert.lua", "selection.lua" } do
		for key, operation in pairs (load_part (folder, name, tools)) do operations[key] = operation end
	end
	local busy, count = false, 0
	local inbox = folder .. "/inbox.job"
	return function ()
		if busy then return end
		-- The name that the rename goes to is this process's own, so of two Ardours one gets the job.
		count = count + 1
		local claim = string.format ("%s/claimed-%d-%s.job", folder, count, tostring (operations):gsub ("[^%w]", ""))
		if not os.rename (inbox, claim) then return end
		busy = true
		pcall (function ()
			local text = read_whole (claim)
			os.remove (claim)
			if not text or not text:find ("\nend\r?\n$") then return end
			local job = parsed (text)
			if usable_id (job.id) then write_answer (folder, job.id, answered (operations, job)) end
		end)
		busy = false
		collectgarbage ()
	end
end

local function hook (folder, slot)
	local inbox = folder .. "/inbox.job"
	return function ()
		pcall (function ()
			if exists (inbox) then Editor:access_action ("LuaAction", "script-" .. slot) end
		end)
	end
end

-- A part that cannot be loaded must not take Ardour's script manager down with it.
local function guarded (make)
	return function (...)
		local made, result = pcall (make, ...)
		if made then return result end
		print (MARK .. ": " .. tostring (result))
		return function () end
	end
end

return { action = guarded (action), hook = guarded (hook) }
