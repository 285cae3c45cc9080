"""A box with a MIDI plug, in a process of its own: `midi_box.py CLIENT PORT`.

What comes in at `PORT In` is said on standard output, a line of hex each; lines of hex on standard input go out at
`PORT Out`. When the input ends its ports go, as those of a box do that is unplugged: a client of JACK's that died would
hold the server up for its whole timeout.
"""

from __future__ import annotations

import os
import sys

import rtmidi


def main(client: str, port: str) -> None:
    came = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=client)
    came.ignore_types(sysex=False)
    came.set_callback(lambda event, _: os.write(1, f"{bytes(event[0]).hex(' ').upper()}\n".encode()))
    came.open_virtual_port(f"{port} In")
    out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=f"{client} out")
    out.open_virtual_port(f"{port} Out")
    os.write(1, b"ready\n")
    for line in sys.stdin:
        out.send_message(list(bytes.fromhex(line)))
    for port_of_ours in (came, out):
        port_of_ours.close_port()
        port_of_ours.delete()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
