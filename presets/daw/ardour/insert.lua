-- Bringing a file into the session: as a new region, on a track that has room for it, and nothing else is touched.

return function (tools)
	local refuse, exists, MARK = tools.refuse, tools.exists, tools.MARK
	local operations = {}

	local function whole_number (job, key)
		local number = math.tointeger (tonumber (job[key]))
		if not number then refuse ("bad-request", key .. " " .. tostring (job[key]) .. " is not a whole number") end
		return number
	end

	local function track_of (route)
		if route:isnil () then return nil end
		local track = route:to_track ()
		if track:isnil () then return nil end
		return track
	end

	local function is_midi (track)
		return not track:to_midi_track ():isnil ()
	end

	-- The sources carry the request's tag in their names, in the session file itself: so a request is known again
	-- after Ardour or Hummingbridge was restarted, in a snapshot, and in a session saved under another name.
	local function find_tagged (tag)
		for route in Session:get_tracks ():iter () do
			local track = track_of (route)
			for region in track:playlist ():region_list ():iter () do
				if region:source (0):name ():find (tag, 1, true) then return region, track end
			end
		end
	end

	local function report (answer, region, track)
		local map = Temporal.TempoMap.read ()
		local bbt = map:bbt_at (region:position ())
		answer.region = region:name ()
		answer.track = track:name ()
		answer.kind = is_midi (track) and "midi" or "audio"
		answer.sample = region:position ():samples ()
		answer.length = region:length ():samples ()
		answer.bar = bbt.bars
		answer.beat = bbt.beats
		answer.tick = bbt.ticks
		answer.position_ticks = tools.ticks (map:quarters_at (region:position ()))
		answer.quarters_per_minute = tools.decimal (map:quarters_per_minute_at (region:position ()))
		answer.path = region:source (0):to_filesource ():path ()
		map = nil
	end

	local function position_of (job)
		if job.sample then return Temporal.timepos_t (whole_number (job, "sample")) end
		local bar = whole_number (job, "bar")
		if bar < 1 then refuse ("bad-request", "bar " .. bar .. " is before the first") end
		local map = Temporal.TempoMap.read ()
		local quarters = map:quarters_at_bbt (Temporal.BBT_TIME (bar, 1, 0))
		map = nil
		return Temporal.timepos_t.from_ticks (tools.ticks (quarters))
	end

	-- The region goes to the list of regions first and onto a track by our own hand: `ImportToTrack` would, in ripple
	-- mode, push aside what lies behind. Of several parts in a file the longest is taken.
	local function import (path)
		local known = {}
		for id, _ in ARDOUR.RegionFactory.regions ():iter () do known[id:to_s ()] = true end
		local files = C.StringVector ()
		files:push_back (path)
		Editor:do_import (files, Editing.ImportSerializeFiles, Editing.ImportAsRegion, ARDOUR.SrcQuality.SrcBest,
			ARDOUR.MidiTrackNameSource.SMFTrackName, ARDOUR.MidiTempoMapDisposition.SMFTempoIgnore,
			Temporal.timepos_t (0), ARDOUR.PluginInfo (), ARDOUR.Track (), false)
		local longest
		for id, region in ARDOUR.RegionFactory.regions ():iter () do
			if not known[id:to_s ()] then
				if not longest or region:length ():samples () > longest:length ():samples () then longest = region end
			end
		end
		if not longest then refuse ("broken-file", "Ardour could not read it") end
		return longest
	end

	local function has_room (track, region, position)
		local from, to = position:samples (), position:samples () + region:length ():samples ()
		for other in track:playlist ():region_list ():iter () do
			local start = other:position ():samples ()
			if start < to and start + other:length ():samples () > from then return false end
		end
		return true
	end

	local function new_track (name, midi, channels)
		local nowhere = ARDOUR.PresentationInfo.max_order
		local made
		if midi then
			local one = ARDOUR.ChanCount (ARDOUR.DataType ("midi"), 1)
			made = Session:new_midi_track (one, one, true, ARDOUR.PluginInfo (), nil, nil, 1, name, nowhere,
				ARDOUR.TrackMode.Normal, true)
		else
			made = Session:new_audio_track (channels, 2, nil, 1, name, nowhere, ARDOUR.TrackMode.Normal, true)
		end
		for track in made:iter () do return track end
		refuse ("failed", "Ardour could not make a track named " .. name)
	end

	-- The named track where it is of the right kind and free there; else the next of that name that is, or a new one.
	local function target (job, region, midi, position)
		local wanted = job.track ~= "" and job.track or job.name
		local name, number = wanted, 0
		while true do
			local route = Session:route_by_name (name)
			if route:isnil () then return new_track (name, midi, whole_number (job, "channels")), 1 end
			local track = track_of (route)
			if track and is_midi (track) == midi and has_room (track, region, position) then return track, 0 end
			number = number + 1
			name = wanted .. " " .. number
		end
	end

	function operations.insert (job, answer)
		if not job.tag or #job.tag < 8 then refuse ("bad-request", "the request has no tag") end
		local present, where = find_tagged (job.tag)
		if present then
			answer.already = 1
			report (answer, present, where)
			return
		end
		if not exists (job.path or "") then refuse ("missing-file", "there is no file " .. tostring (job.path)) end
		local position = position_of (job)
		local imported = import (job.path)
		local midi = not imported:to_midiregion ():isnil ()
		-- Music time for notes, clock time for sound: a later change of tempo moves the notes and not the recording.
		if not midi then position = Temporal.timepos_t (position:samples ()) end
		if midi ~= (job.kind == "midi") then refuse ("broken-file", "the file is not " .. tostring (job.kind)) end
		local track, made = target (job, imported, midi, position)
		local region = ARDOUR.RegionFactory.clone_region (imported, true, false)
		region:set_name (job.name)
		local playlist = track:playlist ()
		Session:begin_reversible_command (MARK .. ": " .. job.name)
		playlist:to_stateful ():clear_changes ()
		playlist:add_region (region, position, 1, false)
		Session:add_stateful_diff_command (playlist:to_statefuldestructible ())
		if not Session:abort_empty_reversible_command () then Session:commit_reversible_command (nil) end
		local placed, on = find_tagged (job.tag)
		if not placed then refuse ("failed", "the region did not arrive on " .. track:name ()) end
		answer.already = 0
		answer.new_track = made
		report (answer, placed, on)
	end

	return operations
end
