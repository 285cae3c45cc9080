-- What the session is, where the playhead stands, and saving.

return function (tools)
	local refuse, decimal, ticks = tools.refuse, tools.decimal, tools.ticks
	local operations = {}

	local function place (answer, prefix, map, position)
		local bbt = map:bbt_at (position)
		answer[prefix .. "sample"] = position:samples ()
		answer[prefix .. "bar"] = bbt.bars
		answer[prefix .. "beat"] = bbt.beats
		answer[prefix .. "tick"] = bbt.ticks
		answer[prefix .. "position_ticks"] = ticks (map:quarters_at (position))
	end

	local function markers (answer, map)
		local count = 0
		for location in Session:locations ():list ():iter () do
			if location:is_mark () and not location:is_session_range () then
				count = count + 1
				local prefix = "marker." .. count .. "."
				answer[prefix .. "name"] = location:name ()
				place (answer, prefix, map, location:start ())
			end
		end
		answer.markers = count
	end

	local function tracks (answer)
		local count = 0
		for route in Session:get_tracks ():iter () do
			count = count + 1
			local prefix = "track." .. count .. "."
			answer[prefix .. "name"] = route:name ()
			answer[prefix .. "kind"] = route:to_track ():to_midi_track ():isnil () and "audio" or "midi"
		end
		answer.tracks = count
	end

	function operations.state (job, answer)
		local map = Temporal.TempoMap.read ()
		local here = Temporal.timepos_t (Session:transport_sample ())
		local meter = map:meter_at (here)
		answer.session_name = Session:name ()
		answer.snapshot = Session:snap_name ()
		answer.session_folder = Session:path ()
		answer.sample_rate = Session:nominal_sample_rate ()
		answer.rolling = Session:transport_rolling () and 1 or 0
		answer.recording = Session:actively_recording () and 1 or 0
		answer.quarters_per_minute = decimal (map:quarters_per_minute_at (here))
		answer.meter_numerator = meter:divisions_per_bar ()
		answer.meter_denominator = meter:note_value ()
		place (answer, "", map, here)
		markers (answer, map)
		tracks (answer)
		map = nil
	end

	function operations.save (job, answer)
		if Session:save_state ("", false, false, false, false) ~= 0 then
			refuse ("failed", "Ardour could not save the session")
		end
		answer.session_folder = Session:path ()
	end

	return operations
end
