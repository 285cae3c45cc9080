-- What the composer has selected: the notes of a MIDI item, or the file of an audio item.

return function (tools)
	local refuse = tools.refuse
	local operations = {}
	local HERE = 0

	local function first_selected ()
		local chosen, earliest
		for index = 0, reaper.CountSelectedMediaItems (HERE) - 1 do
			local item = reaper.GetSelectedMediaItem (HERE, index)
			local start = reaper.GetMediaItemInfo_Value (item, "D_POSITION")
			if not earliest or start < earliest then chosen, earliest = item, start end
		end
		return chosen, earliest
	end

	-- Quarter notes from the item's own beginning, cut where the item is; muted notes are not heard and not told.
	local function notes_of (take, from, to)
		local notes = tools.list ()
		local _, count = reaper.MIDI_CountEvts (take)
		for index = 0, count - 1 do
			local _, _, muted, start, stop, _, pitch, velocity = reaper.MIDI_GetNote (take, index)
			start = reaper.MIDI_GetProjQNFromPPQPos (take, start)
			stop = math.min (reaper.MIDI_GetProjQNFromPPQPos (take, stop), to)
			if not muted and start > from - 1e-6 and start < to - 1e-6 then
				notes[#notes + 1] = tools.list { start - from, pitch, stop - start, velocity }
			end
		end
		return notes
	end

	function operations.selection ()
		local item, start = first_selected ()
		if not item then refuse ("nothing-selected", "no item is selected") end
		local take = reaper.GetActiveTake (item)
		if not take then refuse ("empty-item", "the selected item is empty") end
		local answer = tools.place (start)
		local stop = start + reaper.GetMediaItemInfo_Value (item, "D_LENGTH")
		local _, track = reaper.GetTrackName (reaper.GetMediaItemTrack (item))
		answer.track = track
		answer.item = reaper.GetTakeName (take)
		if reaper.TakeIsMIDI (take) then
			local last = reaper.TimeMap2_timeToQN (HERE, stop)
			answer.kind = "notes"
			answer.length = last - answer.quarters
			answer.notes = notes_of (take, answer.quarters, last)
		else
			answer.kind = "audio"
			answer.path = reaper.GetMediaSourceFileName (reaper.GetMediaItemTake_Source (take))
		end
		return answer
	end

	return operations
end
