-- ardour7-lua new_session.lua FOLDER NAME RATE: a session with an audio track, a MIDI track, 96 to the minute, and
-- a change from 4/4 to 3/4 at bar 5.
local folder, name, rate = arg[1], arg[2], tonumber (arg[3])
local backend = AudioEngine:set_backend ("None (Dummy)", "", "")
assert (not backend:isnil (), "no dummy backend")
backend:set_device_name ("Uniform Speed")
local session = assert (create_session (folder, name, rate), "no session")
local last = ARDOUR.PresentationInfo.max_order
local midi = ARDOUR.ChanCount (ARDOUR.DataType ("midi"), 1)
session:new_audio_track (2, 2, nil, 1, "Voice", last, ARDOUR.TrackMode.Normal, true)
session:new_midi_track (midi, midi, true, ARDOUR.PluginInfo (), nil, nil, 1, "Piano", last, ARDOUR.TrackMode.Normal, true)
local map = Temporal.TempoMap.fetch_writable ()
map:set_tempo (Temporal.Tempo (96, 96, 4), Temporal.timepos_t (0))
map:set_meter (Temporal.Meter (3, 4), Temporal.timepos_t.from_ticks (16 * Temporal.ticks_per_beat))
Temporal.TempoMap.update (map)
map = nil
session:save_state ("")
close_session ()
quit ()
