-- A stand-in for REAPER: the part of its ReaScript interface that the script uses, over a small project, in a real Lua.
--
-- lua5.4 reaper.lua RESOURCE_FOLDER MEDIA_FOLDER: runs Scripts/__startup.lua as REAPER does when it starts, then reads
-- commands from standard input, one a line, and answers each with one line: `tick` calls what was deferred (REAPER
-- does so about thirty times a second), `do CODE` is the composer's hand, `tell` gives the project as JSON.
-- Every call is checked against the documented parameters; a change outside an undo block is noted as untracked.

local resource, media = arg[1], arg[2]
local PPQ = 960

project = {
	file = "/music/song.rpp", first_bar = 1, cursor = 0, playing = 0, play_position = 0, tempo = 120, numerator = 4,
	denominator = 4, changes = {}, tracks = {}, undo = {}, untracked = 0, depth = 0, refresh = 0, faults = {},
}
local deferred, ext, snapshots = {}, {}, {}

-- The tempo map: stretches of bars with one tempo (quarter notes a minute) and metre; `changes` are the markers.
local function stretches ()
	local all = { { measure = 0, tempo = project.tempo, numerator = project.numerator, denominator = project.denominator } }
	for _, change in ipairs (project.changes) do all[#all + 1] = change end
	local seconds, quarters = 0, 0
	for index, each in ipairs (all) do
		each.seconds, each.quarters, each.bar = seconds, quarters, 4 * each.numerator / each.denominator
		local following = all[index + 1]
		if following then
			local span = (following.measure - each.measure) * each.bar
			seconds, quarters = seconds + span * 60 / each.tempo, quarters + span
		end
	end
	return all
end

local function stretch_at (key, value)
	local found
	for _, each in ipairs (stretches ()) do
		if not found or each[key] <= value then found = each end
	end
	return found
end

local function to_quarters (seconds)
	local here = stretch_at ("seconds", seconds)
	return here.quarters + (seconds - here.seconds) * here.tempo / 60
end

local function to_seconds (quarters)
	local here = stretch_at ("quarters", quarters)
	return here.seconds + (quarters - here.quarters) * 60 / here.tempo
end

local function measure_info (measure)
	local here = stretch_at ("measure", measure)
	local start = here.quarters + (measure - here.measure) * here.bar
	return to_seconds (start), start, start + here.bar, here.numerator, here.denominator, here.tempo
end

local function measure_of (quarters)
	local here = stretch_at ("quarters", quarters)
	return here.measure + math.floor ((quarters - here.quarters) / here.bar)
end

local function changed ()
	if project.depth == 0 then project.untracked = project.untracked + 1 end
end

local function copied (value, seen)
	if type (value) ~= "table" then return value end
	seen = seen or {}
	if not seen[value] then
		local copy = {}
		seen[value] = copy
		for key, each in pairs (value) do copy[copied (key, seen)] = copied (each, seen) end
	end
	return seen[value]
end

local function items ()
	local all = {}
	for _, track in ipairs (project.tracks) do
		for _, item in ipairs (track.items) do all[#all + 1] = item end
	end
	return all
end

local function remove_from (list, value)
	for index, each in ipairs (list) do
		if each == value then
			table.remove (list, index)
			return true
		end
	end
	return false
end

-- A source of sound: what a RIFF file says of itself. REAPER gives none for what it cannot read.
local function read_wav (path)
	local file = io.open (path, "rb")
	if not file then return nil end
	local data = file:read ("a")
	file:close ()
	if data:sub (1, 4) ~= "RIFF" or data:sub (9, 12) ~= "WAVE" then return nil end
	local position, channels, rate, frame, length = 13, nil, nil, nil, nil
	while position + 8 <= #data do
		local name, size = data:sub (position, position + 3), string.unpack ("<I4", data, position + 4)
		if name == "fmt " then _, channels, rate, _, frame = string.unpack ("<I2I2I4I4I2", data, position + 8) end
		if name == "data" and frame then length = size / frame / rate end
		position = position + 8 + size + size % 2
	end
	return length and { kind = "source", path = path, length = length, channels = channels, rate = rate }
end

local function new_item (track, seconds, length)
	changed ()
	local item = { kind = "item", track = track, D_POSITION = seconds, D_LENGTH = length, takes = {}, ext = {} }
	table.insert (track.items, item)
	return item
end

local function selected ()
	local found = {}
	for _, item in ipairs (items ()) do if item.selected then found[#found + 1] = item end end
	return found
end

-- Kinds of parameters: P project, t track, i item, k take, s source, n number, w whole number, x text, b true or false.
local CALLS = {
	GetResourcePath = { "", function () return resource end },
	GetAppVersion = { "", function () return "7.22/linux-x86_64" end },
	RecursiveCreateDirectory = { "xw", function (path) return os.execute ("mkdir -p '" .. path:gsub ("'", "'\\''") .. "' 2>/dev/null") and 1 or 0 end },
	defer = { "f", function (call) deferred[#deferred + 1] = call end },
	SetExtState = { "xxxb", function (section, key, value) ext[section .. "/" .. key] = value end },
	GetExtState = { "xx", function (section, key) return ext[section .. "/" .. key] or "" end },
	format_timestr_pos = { "nxw", function (seconds, _, mode)
		assert (mode == 2)
		local quarters = to_quarters (seconds)
		local measure = measure_of (quarters)
		local _, start, _, _, denominator = measure_info (measure)
		local beats = (quarters - start) * denominator / 4
		return string.format ("%d.%d.%02d", measure + project.first_bar, math.floor (beats) + 1, math.floor (beats % 1 * 100))
	end },
	TimeMap2_timeToQN = { "Pn", function (_, seconds) return to_quarters (seconds) end },
	TimeMap2_QNToTime = { "Pn", function (_, quarters) return to_seconds (quarters) end },
	TimeMap_GetMeasureInfo = { "Pw", function (_, measure) return measure_info (measure) end },
	TimeMap2_timeToBeats = { "Pn", function (_, seconds)
		local quarters = to_quarters (seconds)
		local measure = measure_of (quarters)
		local _, start, _, numerator, denominator = measure_info (measure)
		return (quarters - start) * denominator / 4, measure, numerator, quarters * denominator / 4, denominator
	end },
	CountTempoTimeSigMarkers = { "P", function () return #project.changes end },
	SetCurrentBPM = { "Pnb", function (_, tempo, undo)
		project.tempo = tempo
		if undo then project.undo[#project.undo + 1] = "Change tempo" else changed () end
	end },
	GetPlayState = { "", function () return project.playing end },
	GetPlayPosition = { "", function () return project.play_position end },
	GetCursorPosition = { "", function () return project.cursor end },
	SetEditCurPos2 = { "Pnbb", function (_, seconds) project.cursor = seconds end },
	EnumProjects = { "w", function () return {}, project.file end },
	GetProjectPath = { "", function () return media end },
	CountTracks = { "P", function () return #project.tracks end },
	GetTrack = { "Pw", function (_, index) return project.tracks[index + 1] end },
	GetTrackName = { "t", function (track)
		for index, each in ipairs (project.tracks) do
			if each == track then return true, track.P_NAME ~= "" and track.P_NAME or "Track " .. index end
		end
	end },
	InsertTrackAtIndex = { "wb", function (index)
		changed ()
		table.insert (project.tracks, index + 1, { kind = "track", P_NAME = "", items = {} })
	end },
	DeleteTrack = { "t", function (track)
		changed ()
		assert (remove_from (project.tracks, track))
	end },
	GetSetMediaTrackInfo_String = { "txxb", function (track, key, value, set)
		assert (key == "P_NAME")
		if set then
			changed ()
			track[key] = value
		end
		return true, track[key]
	end },
	CountMediaItems = { "P", function () return #items () end },
	GetMediaItem = { "Pw", function (_, index) return items ()[index + 1] end },
	GetMediaItemTrack = { "i", function (item) return item.track end },
	CountTrackMediaItems = { "t", function (track) return #track.items end },
	GetTrackMediaItem = { "tw", function (track, index) return track.items[index + 1] end },
	CountSelectedMediaItems = { "P", function () return #selected () end },
	GetSelectedMediaItem = { "Pw", function (_, index) return selected ()[index + 1] end },
	GetMediaItemInfo_Value = { "ix", function (item, key) return assert (item[key], key) + 0.0 end },
	SetMediaItemInfo_Value = { "ixn", function (item, key, value)
		assert (key == "D_POSITION" or key == "D_LENGTH", key)
		changed ()
		item[key] = value
		return true
	end },
	GetSetMediaItemInfo_String = { "ixxb", function (item, key, value, set)
		assert (key:find ("^P_EXT:%w+$"), key)
		if set then
			changed ()
			item.ext[key] = value
		end
		return item.ext[key] ~= nil, item.ext[key] or ""
	end },
	AddMediaItemToTrack = { "t", function (track) return new_item (track, 0, 0) end },
	AddTakeToMediaItem = { "i", function (item)
		changed ()
		local take = { kind = "take", P_NAME = "" }
		table.insert (item.takes, take)
		return take
	end },
	DeleteTrackMediaItem = { "ti", function (track, item)
		changed ()
		return remove_from (track.items, item)
	end },
	GetActiveTake = { "i", function (item) return item.takes[1] end },
	GetTakeName = { "k", function (take) return take.P_NAME end },
	GetSetMediaItemTakeInfo_String = { "kxxb", function (take, key, value, set)
		assert (key == "P_NAME")
		if set then
			changed ()
			take[key] = value
		end
		return true, take[key]
	end },
	TakeIsMIDI = { "k", function (take) return take.notes ~= nil end },
	PCM_Source_CreateFromFile = { "x", read_wav },
	PCM_Source_Destroy = { "s", function (source) source.kind = "destroyed" end },
	PCM_Source_BuildPeaks = { "sw", function (source, mode)
		source.left = mode == 0 and 2 or (source.left or 0) - 1
		return mode == 2 and 0 or source.left
	end },
	GetMediaSourceLength = { "s", function (source) return source.length, false end },
	GetMediaSourceNumChannels = { "s", function (source) return source.channels end },
	GetMediaSourceFileName = { "s", function (source) return source.path end },
	GetMediaItemTake_Source = { "k", function (take) return take.source end },
	SetMediaItemTake_Source = { "ks", function (take, source)
		changed ()
		take.source = source
		return true
	end },
	CreateNewMIDIItemInProj = { "tnnb", function (track, from, to, in_quarters)
		assert (in_quarters)
		local item = new_item (track, to_seconds (from), to_seconds (to) - to_seconds (from))
		item.takes[1] = { kind = "take", P_NAME = "", notes = {}, sorted = true, start = from }
		return item
	end },
	MIDI_GetPPQPosFromProjQN = { "kn", function (take, quarters) return (quarters - take.start) * PPQ end },
	MIDI_GetProjQNFromPPQPos = { "kn", function (take, ppq) return take.start + ppq / PPQ end },
	MIDI_InsertNote = { "kbbnnwwwb", function (take, chosen, muted, from, to, channel, pitch, velocity, unsorted)
		assert (to > from and pitch >= 0 and pitch < 128 and velocity > 0 and velocity < 128 and channel < 16)
		changed ()
		-- REAPER keeps notes on whole ticks.
		local note = { chosen, muted, math.floor (from + 0.5), math.floor (to + 0.5), channel, pitch, velocity }
		table.insert (take.notes, 1, note)
		take.sorted = not unsorted
		return true
	end },
	MIDI_Sort = { "k", function (take)
		table.sort (take.notes, function (a, b) return a[3] < b[3] or a[3] == b[3] and a[6] < b[6] end)
		take.sorted = true
	end },
	MIDI_CountEvts = { "k", function (take)
		assert (take.sorted, "counted before MIDI_Sort")
		return #take.notes, #take.notes, 0, 0
	end },
	MIDI_GetNote = { "kw", function (take, index) return true, table.unpack (take.notes[index + 1]) end },
	Undo_BeginBlock2 = { "P", function ()
		if project.depth == 0 then snapshots[#snapshots + 1] = copied (project.tracks) end
		project.depth = project.depth + 1
	end },
	Undo_EndBlock2 = { "Pxw", function (_, name, flags)
		assert (project.depth > 0 and flags == -1)
		project.depth = project.depth - 1
		project.undo[#project.undo + 1] = name
	end },
	PreventUIRefresh = { "w", function (by) project.refresh = project.refresh + by end },
	UpdateArrange = { "", function () end },
}

local KINDS = { t = "track", i = "item", k = "take", s = "source" }
local TYPES = { n = "number", x = "string", b = "boolean", f = "function" }

local function fits (kind, value)
	if kind == "P" then return value == 0 end
	if kind == "w" then return math.type (value) == "integer" or type (value) == "number" and value % 1 == 0 end
	if TYPES[kind] then return type (value) == TYPES[kind] end
	return type (value) == "table" and value.kind == KINDS[kind]
end

reaper = setmetatable ({}, { __index = function (_, name) error ("REAPER has no function " .. name, 2) end })
for name, call in pairs (CALLS) do
	reaper[name] = function (...)
		local wanted, given = call[1], table.pack (...)
		if given.n ~= #wanted then error (name .. " takes " .. #wanted .. " parameters, not " .. given.n, 2) end
		for position = 1, #wanted do
			if not fits (wanted:sub (position, position), given[position]) then
				error ("bad argument #" .. position .. " to " .. name, 2)
			end
		end
		local fault = project.faults[name]
		if fault then
			project.faults[name] = nil
			if fault == "error" then error (name .. " went wrong", 2) end
			if fault == "nothing" then return nil end
			return fault (...)
		end
		return call[2] (...)
	end
end

-- The composer's own hand.
function track_named (name)
	local track = { kind = "track", P_NAME = name, items = {} }
	table.insert (project.tracks, track)
	return track
end

function item_on (track, seconds, length)
	local item = { kind = "item", track = track, D_POSITION = seconds, D_LENGTH = length, takes = {}, ext = {} }
	table.insert (track.items, item)
	return item
end

function select (name)
	for _, item in ipairs (items ()) do item.selected = item.takes[1] ~= nil and item.takes[1].P_NAME == name end
end

function undo ()
	table.remove (project.undo)
	project.tracks = table.remove (snapshots)
end

local function told ()
	local json = dofile (resource .. "/Scripts/Hummingbridge/json.lua")
	local tracks = json.list ()
	for _, track in ipairs (project.tracks) do
		local lying = json.list ()
		for _, item in ipairs (track.items) do
			local take = item.takes[1] or {}
			local told = { seconds = item.D_POSITION, length = item.D_LENGTH, name = take.P_NAME or "" }
			if take.source then told.path = take.source.path end
			if take.notes then
				told.notes = json.list ()
				for _, note in ipairs (take.notes) do
					table.insert (told.notes, json.list { take.start + note[3] / PPQ, note[6], (note[4] - note[3]) / PPQ, note[7] })
				end
			end
			table.insert (lying, told)
		end
		table.insert (tracks, { name = track.P_NAME, items = lying })
	end
	return json.encode {
		tracks = tracks, undo = json.list (project.undo), untracked = project.untracked, cursor = project.cursor,
		tempo = project.tempo, open_blocks = project.depth, held_refresh = project.refresh,
	}
end

local COMMANDS = {
	tick = function ()
		local calls = deferred
		deferred = {}
		for _, call in ipairs (calls) do call () end
		return #calls
	end,
	tell = told,
	["do"] = function (code)
		assert (load (code)) ()
		return "done"
	end,
}

dofile (resource .. "/Scripts/__startup.lua")
io.stdout:setvbuf ("line")
for line in io.lines () do
	local name, rest = line:match ("^(%S+) ?(.*)$")
	local done, answer = pcall (COMMANDS[name], rest)
	print (done and answer or "error: " .. tostring (answer):gsub ("\n", " "))
end
