-- The REAPER side of Hummingbridge: takes jobs from a folder, one at a time, and answers in files.
--
-- A job is `queue/inbox.job`, its answer `queue/answers/<id>`; both hold one JSON object. About thirty times a second
-- the script looks whether a job is there. What goes into the project goes in as one step of REAPER's undo history.

local PROTOCOL = 1
local SECTION = "hummingbridge"

local folder = debug.getinfo (1, "S").source:match ("^@(.*)[/\\]")
local queue = folder .. "/queue"
local json = dofile (folder .. "/json.lua")

-- A refusal that the composer can do something about; anything else that goes wrong is reported as "failed".
local function refuse (code, message)
	error ({ code = code, message = message }, 0)
end

local function read_whole (path)
	local file = io.open (path, "rb")
	if not file then return nil end
	local text = file:read ("a")
	file:close ()
	return text
end

local tools = { refuse = refuse, read_whole = read_whole, list = json.list }
local operations = {}
for _, part in ipairs { "project.lua", "insert.lua", "selection.lua" } do
	for name, operation in pairs (dofile (folder .. "/" .. part) (tools)) do operations[name] = operation end
end

-- An id becomes a file name, so nothing but letters, digits and dashes is taken.
local function usable_id (id)
	return type (id) == "string" and #id > 0 and #id <= 80 and not id:find ("[^%w%-]")
end

local function answered (job)
	local done, result = pcall (function ()
		if job.protocol ~= PROTOCOL then
			refuse ("protocol", "the job speaks protocol " .. tostring (job.protocol) .. ", not " .. PROTOCOL)
		end
		if (tonumber (job.expires) or 0) < os.time () then refuse ("expired", "the job came too late") end
		local operation = operations[job.op]
		if not operation then refuse ("bad-request", "no operation " .. tostring (job.op)) end
		return operation (job) or {}
	end)
	if done then
		result.ok = true
		return result
	end
	if type (result) ~= "table" then result = { code = "failed", message = tostring (result) } end
	return { ok = false, code = result.code, message = result.message }
end

local function write_answer (id, answer)
	local part = queue .. "/answers/." .. id .. ".part"
	local file = io.open (part, "wb")
	if not file then return end
	local written = file:write (json.encode (answer))
	file:close ()
	if written then os.rename (part, queue .. "/answers/" .. id) else os.remove (part) end
end

-- The newest start of the script is the one that works: running it twice does every job once.
local mine = tostring (operations):gsub ("[^%w]", "") .. os.time ()
reaper.SetExtState (SECTION, "running", mine, false)
local inbox, claim = queue .. "/inbox.job", queue .. "/claimed-" .. mine .. ".job"

local function look ()
	-- The name that the rename goes to is this script's own, so of two REAPERs one gets the job.
	if not os.rename (inbox, claim) then return end
	local text = read_whole (claim)
	os.remove (claim)
	local job = json.decode (text or "")
	if type (job) == "table" and usable_id (job.id) then write_answer (job.id, answered (job)) end
end

-- An error must not end the script: REAPER would show a window over the composer's work.
local function tick ()
	if reaper.GetExtState (SECTION, "running") ~= mine then return end
	pcall (look)
	reaper.defer (tick)
end

reaper.RecursiveCreateDirectory (queue .. "/answers", 0)
reaper.defer (tick)
