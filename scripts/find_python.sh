#!/bin/sh
# Prints a Python that the project runs on: 3.11 or 3.12, able to make a virtual environment.
usable() {
  "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null
}
for python in $PYTHON python3.12 python3.11 python3 python; do
  if usable "$python"; then
    echo "$python"
    exit 0
  fi
done
echo "error: no Python 3.11 or 3.12 that can make a virtual environment was found" >&2
echo "  try: install one (Debian and Ubuntu: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3.12" >&2
echo "  On Python 3.13 python-rtmidi has no wheel: it needs a C++ compiler and the ALSA headers (libasound2-dev)." >&2
exit 1
