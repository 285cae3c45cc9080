"""Music as values: notes, clips, motifs, keys and metres.

Standard library and numpy only; mido and pretty_midi at the edge in `midi.smf`.
Imports nothing from `assistant` or `bridge`.
"""
