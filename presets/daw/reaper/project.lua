-- What the project is, where it stands, and moving there. Bars are counted as REAPER's ruler shows them.

return function (tools)
	local refuse = tools.refuse
	local operations = {}
	local HERE = 0

	-- The number that the ruler shows at the project's very beginning: composers may begin to count elsewhere than at 1.
	local function first_bar ()
		return tonumber (reaper.format_timestr_pos (0, "", 2):match ("^%-?%d+")) or 1
	end

	-- Quarter notes a minute, whatever note the composer counts by: measured, not asked for.
	local function tempo_at (seconds)
		local span = 0.001
		local quarters = reaper.TimeMap2_timeToQN (HERE, seconds + span) - reaper.TimeMap2_timeToQN (HERE, seconds)
		return math.floor (quarters / span * 60 * 1e6 + 0.5) / 1e6
	end

	-- Seconds and quarter notes at which a bar begins.
	function tools.bar_line (bar)
		local number = math.tointeger (tonumber (bar))
		if not number then refuse ("bad-request", "bar " .. tostring (bar) .. " is not a whole number") end
		local measure = number - first_bar ()
		if measure < 0 then refuse ("bad-request", "bar " .. number .. " is before the project's first") end
		local seconds, quarters = reaper.TimeMap_GetMeasureInfo (HERE, measure)
		return seconds, quarters
	end

	-- A place as composers say it. A place a hair before a bar line is on it.
	function tools.place (seconds)
		local _, measure = reaper.TimeMap2_timeToBeats (HERE, seconds + 1e-6)
		measure = math.tointeger (measure) or math.floor (measure)
		local _, bar_quarters, _, numerator, denominator = reaper.TimeMap_GetMeasureInfo (HERE, measure)
		return {
			seconds = seconds,
			quarters = reaper.TimeMap2_timeToQN (HERE, seconds),
			bar = measure + first_bar (),
			bar_quarters = bar_quarters,
			numerator = numerator,
			denominator = denominator,
			tempo = tempo_at (seconds),
		}
	end

	function operations.state ()
		local state = reaper.GetPlayState ()
		local playing = state & 1 == 1
		local answer = tools.place (playing and reaper.GetPlayPosition () or reaper.GetCursorPosition ())
		local _, file = reaper.EnumProjects (-1)
		answer.project = file
		answer.folder = reaper.GetProjectPath ()
		answer.playing = playing
		answer.recording = state & 4 == 4
		answer.version = reaper.GetAppVersion ()
		answer.tracks = tools.list ()
		for index = 0, reaper.CountTracks (HERE) - 1 do
			local _, name = reaper.GetTrackName (reaper.GetTrack (HERE, index))
			answer.tracks[index + 1] = name
		end
		return answer
	end

	-- Only where the project has one tempo: a map of tempi is the composer's, and stays.
	function operations.tempo (job)
		local tempo = tonumber (job.tempo)
		if not tempo or tempo < 10 or tempo > 960 then refuse ("bad-request", "tempo " .. tostring (job.tempo)) end
		if reaper.CountTempoTimeSigMarkers (HERE) > 0 then
			refuse ("tempo-map", "the project has tempo markers, which stay as they are")
		end
		reaper.SetCurrentBPM (HERE, tempo, true)
	end

	function operations.cursor (job)
		local seconds = tools.bar_line (job.bar)
		reaper.SetEditCurPos2 (HERE, seconds, true, true)
		return tools.place (seconds)
	end

	return operations
end
