"""MIDI in time: ports, the process that sends, followers of other clocks, audition, learned controls."""
