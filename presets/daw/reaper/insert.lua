-- Bringing sound and notes into the project: as a new item, on a track that has room for it; nothing else is touched.

return function (tools)
	local refuse = tools.refuse
	local operations = {}
	local HERE = 0
	local MARK = "P_EXT:hummingbridge"

	-- The items carry the request's tag in the project itself: so a request is known again after REAPER or
	-- Hummingbridge was restarted, and in a project saved under another name.
	local function find_tagged (tag)
		for index = 0, reaper.CountMediaItems (HERE) - 1 do
			local item = reaper.GetMediaItem (HERE, index)
			local marked, text = reaper.GetSetMediaItemInfo_String (item, MARK, "", false)
			if marked and text == tag then return item end
		end
	end

	local function report (item, already)
		local answer = tools.place (reaper.GetMediaItemInfo_Value (item, "D_POSITION"))
		local take = reaper.GetActiveTake (item)
		local _, track = reaper.GetTrackName (reaper.GetMediaItemTrack (item))
		answer.already = already
		answer.track = track
		answer.item = take and reaper.GetTakeName (take) or ""
		answer.length_seconds = reaper.GetMediaItemInfo_Value (item, "D_LENGTH")
		if take and not reaper.TakeIsMIDI (take) then
			answer.path = reaper.GetMediaSourceFileName (reaper.GetMediaItemTake_Source (take))
		end
		return answer
	end

	local function has_room (track, from, to)
		for index = 0, reaper.CountTrackMediaItems (track) - 1 do
			local item = reaper.GetTrackMediaItem (track, index)
			local start = reaper.GetMediaItemInfo_Value (item, "D_POSITION")
			local stop = start + reaper.GetMediaItemInfo_Value (item, "D_LENGTH")
			if start < to - 1e-6 and stop > from + 1e-6 then return false end
		end
		return true
	end

	local function tracks_named (name)
		local found = {}
		for index = 0, reaper.CountTracks (HERE) - 1 do
			local track = reaper.GetTrack (HERE, index)
			local _, its_name = reaper.GetTrackName (track)
			if its_name == name then found[#found + 1] = track end
		end
		return found
	end

	-- The named track where it is free there; else the next of that name that is, or a new one at the end.
	local function target (wanted, from, to)
		local name, number = wanted, 0
		while true do
			local tracks = tracks_named (name)
			for _, track in ipairs (tracks) do
				if has_room (track, from, to) then return track, false end
			end
			if #tracks == 0 then break end
			number = number + 1
			name = wanted .. " " .. number
		end
		local index = reaper.CountTracks (HERE)
		reaper.InsertTrackAtIndex (index, true)
		local track = reaper.GetTrack (HERE, index)
		reaper.GetSetMediaTrackInfo_String (track, "P_NAME", name, true)
		return track, true
	end

	-- One step of the undo history; where it fails, what it made is taken away again.
	local function as_one_step (job, from, to, fill)
		local name = job.track ~= "" and job.track or job.name
		local track, made, item
		reaper.PreventUIRefresh (1)
		reaper.Undo_BeginBlock2 (HERE)
		local done, problem = pcall (function ()
			track, made = target (name, from, to)
			item = fill (track, function (new) item = new end)
			reaper.GetSetMediaItemInfo_String (item, MARK, job.tag, true)
			reaper.GetSetMediaItemTakeInfo_String (reaper.GetActiveTake (item), "P_NAME", job.name, true)
		end)
		if not done then
			if item then reaper.DeleteTrackMediaItem (track, item) end
			if made then reaper.DeleteTrack (track) end
		end
		reaper.Undo_EndBlock2 (HERE, "Hummingbridge: " .. job.name, -1)
		reaper.PreventUIRefresh (-1)
		reaper.UpdateArrange ()
		if not done then error (problem, 0) end
		return report (find_tagged (job.tag) or refuse ("failed", "the item did not arrive"), false)
	end

	local function checked (job)
		if type (job.tag) ~= "string" or #job.tag < 8 then refuse ("bad-request", "the request has no tag") end
		for _, key in ipairs { "name", "track" } do
			if type (job[key]) ~= "string" then refuse ("bad-request", key .. " is no text") end
		end
	end

	local function exists (path)
		local file = io.open (path, "rb")
		if file then file:close () end
		return file ~= nil
	end

	-- Beside the project's own recordings, under a name that nothing there has.
	local function kept (path, file_name)
		local data = tools.read_whole (path)
		if not data then refuse ("missing-file", "there is no file " .. tostring (path)) end
		local folder = reaper.GetProjectPath ()
		reaper.RecursiveCreateDirectory (folder, 0)
		local stem, suffix = file_name:match ("^(.*)(%.[^.]*)$")
		local place, number = folder .. "/" .. file_name, 1
		while exists (place) do
			number = number + 1
			place = folder .. "/" .. stem .. "-" .. number .. suffix
		end
		local file = io.open (place, "wb")
		local written = file and file:write (data)
		if file then written = file:close () and written end
		if not written then
			os.remove (place)
			refuse ("failed", "the sound could not be written into " .. folder)
		end
		return place
	end

	local function source_of (path)
		local source = reaper.PCM_Source_CreateFromFile (path)
		if not source then return nil end
		local length, in_quarters = reaper.GetMediaSourceLength (source)
		if length > 0 and not in_quarters and reaper.GetMediaSourceNumChannels (source) > 0 then return source, length end
		reaper.PCM_Source_Destroy (source)
	end

	local function draw (source)
		if reaper.PCM_Source_BuildPeaks (source, 0) == 0 then return end
		while reaper.PCM_Source_BuildPeaks (source, 1) ~= 0 do end
		reaper.PCM_Source_BuildPeaks (source, 2)
	end

	function operations.insert_audio (job)
		checked (job)
		local present = find_tagged (job.tag)
		if present then return report (present, true) end
		local seconds = tools.bar_line (job.bar)
		local path = kept (job.path, tostring (job.file_name))
		local source, length = source_of (path)
		if not source then
			os.remove (path)
			refuse ("broken-file", "REAPER could not read the sound")
		end
		local done, answer = pcall (as_one_step, job, seconds, seconds + length, function (track, made)
			local item = reaper.AddMediaItemToTrack (track)
			made (item)
			reaper.SetMediaItemInfo_Value (item, "D_POSITION", seconds)
			reaper.SetMediaItemInfo_Value (item, "D_LENGTH", length)
			reaper.SetMediaItemTake_Source (reaper.AddTakeToMediaItem (item), source)
			draw (source)
			return item
		end)
		if done then return answer end
		os.remove (path)
		error (answer, 0)
	end

	function operations.insert_notes (job)
		checked (job)
		local present = find_tagged (job.tag)
		if present then return report (present, true) end
		local seconds, quarters = tools.bar_line (job.bar)
		local last = quarters + job.length
		return as_one_step (job, seconds, reaper.TimeMap2_QNToTime (HERE, last), function (track, made)
			local item = reaper.CreateNewMIDIItemInProj (track, quarters, last, true)
			made (item)
			local take = reaper.GetActiveTake (item)
			for _, note in ipairs (job.notes) do
				local start, pitch, length, velocity = table.unpack (note)
				local from = reaper.MIDI_GetPPQPosFromProjQN (take, quarters + start)
				local to = reaper.MIDI_GetPPQPosFromProjQN (take, quarters + start + length)
				reaper.MIDI_InsertNote (take, false, false, from, to, 0, pitch, velocity, true)
			end
			reaper.MIDI_Sort (take)
			local _, count = reaper.MIDI_CountEvts (take)
			if count ~= #job.notes then
				refuse ("failed", count .. " of " .. #job.notes .. " notes arrived, so all were taken out again")
			end
			return item
		end)
	end

	return operations
end
