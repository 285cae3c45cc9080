#!/usr/bin/env bash
# Adds what training and sound from descriptions need (torch, audiocraft: 2 GB) and what hosts LV2 plugins (dawdreamer:
# 40 MB) to the environment given, for the tests.
# NO_EXTRAS=1 leaves them out. It never fails: a test that lacks them skips and says so.
set -u
cd "$(dirname "$0")/.."
python="$1/bin/python"

[ -z "${NO_EXTRAS:-}" ] || { echo "extras: left out; the tests that need them skip"; exit 0; }
# Some come as sources whose metadata asks for old versions of each other: without isolation, all from the lock.
timeout 300 "$python" -m pip install --quiet --no-deps "setuptools==80.9.0" \
  && timeout 600 "$python" -m pip install --quiet --no-deps --no-build-isolation -r requirements/extras.lock \
  || echo "extras: not all could be had here; the tests that need them skip"
# By itself: its wheels ask for a newer system than the others'.
timeout 300 "$python" -m pip install --quiet --no-deps "dawdreamer==0.9.0" \
  || echo "extras: no dawdreamer here; the tests of LV2 plugins skip"
# Some builds of torch ask for a graphics card's libraries, which the lock does not bring: such a one is taken away.
if ! "$python" -c "import torch" 2>/dev/null; then
  "$python" -m pip uninstall --quiet --yes torch audiocraft 2>/dev/null
  echo "extras: no torch that runs here; the tests that need it skip"
fi
exit 0
