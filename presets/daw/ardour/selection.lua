-- What the composer has selected: the notes of a MIDI region, or the file and range of an audio region.

return function (tools)
	local refuse, ticks, decimal = tools.refuse, tools.ticks, tools.decimal
	local operations = {}

	local function track_with (region)
		local id = region:to_stateful ():id ()
		for route in Session:get_tracks ():iter () do
			local track = route:to_track ()
			if not track:playlist ():region_by_id (id):isnil () then return track:name () end
		end
		return ""
	end

	-- Times are in ticks of the region's own start; the region shows a window of its source.
	local function notes (answer, region)
		local per_quarter = Temporal.ticks_per_beat
		local from = region:start ():ticks ()
		local length = region:length ():ticks ()
		local count = 0
		for note in ARDOUR.LuaAPI.note_list (region:midi_source (0):model ()):iter () do
			local start = ticks (note:time ()) - from
			if start >= 0 and start < length then
				count = count + 1
				answer["note." .. count] = string.format ("%d %d %d %d %d", start,
					math.min (ticks (note:length ()), length - start), note:note (), note:velocity (), note:channel ())
			end
		end
		answer.notes = count
		answer.ticks_per_quarter = per_quarter
		answer.length_ticks = length
	end

	function operations.selection (job, answer)
		local chosen
		for region in Editor:get_selection ().regions:regionlist ():iter () do
			if not chosen or region:position ():samples () < chosen:position ():samples () then chosen = region end
		end
		if not chosen then refuse ("nothing-selected", "no region is selected") end
		local map = Temporal.TempoMap.read ()
		local bbt = map:bbt_at (chosen:position ())
		local meter = map:meter_at (chosen:position ())
		answer.region = chosen:name ()
		answer.track = track_with (chosen)
		answer.sample = chosen:position ():samples ()
		answer.length = chosen:length ():samples ()
		answer.bar, answer.beat, answer.tick = bbt.bars, bbt.beats, bbt.ticks
		answer.quarters_per_minute = decimal (map:quarters_per_minute_at (chosen:position ()))
		answer.meter_numerator, answer.meter_denominator = meter:divisions_per_bar (), meter:note_value ()
		map = nil
		local midi = chosen:to_midiregion ()
		if midi:isnil () then
			answer.kind = "audio"
			answer.start = chosen:start ():samples ()
			local channels = chosen:to_audioregion ():n_channels ()
			for channel = 0, channels - 1 do
				answer["source." .. channel + 1] = chosen:source (channel):to_filesource ():path ()
			end
			answer.channels = channels
		else
			answer.kind = "midi"
			notes (answer, midi)
		end
	end

	return operations
end
