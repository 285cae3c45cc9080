#!/usr/bin/env bash
# Proves that a plain `pip install .` resolves and works in a fresh environment, on each Python 3.11 and 3.12 found:
# prints seconds and megabytes, and runs the program before and after the one command that doctor names.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export HOME="$scratch/home" XDG_DATA_HOME="$scratch/data" XDG_CONFIG_HOME="$scratch/config" PIP_DISABLE_PIP_VERSION_CHECK=1
mkdir -p "$HOME"

prove() {
  local python=$1 version venv start
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  venv="$scratch/venv-$version"
  start=$SECONDS
  "$python" -m venv "$venv"
  "$venv/bin/pip" install --quiet .
  echo "python $version: pip install . took $((SECONDS - start)) s, $(du -sm "$venv" | cut -f1) MB"
  (
    cd "$scratch"
    "$venv/bin/hummingbridge" --help >/dev/null
    "$venv/bin/hummingbridge" presets check >/dev/null
    "$venv/bin/hummingbridge" doctor --json >doctor.json || true
    remedies=$("$venv/bin/python" -c '
import json
for part in json.load(open("doctor.json"))["parts"]:
    if part["needed"] and part["state"] != "ready":
        print(part["remedy"])' | sort -u)
    echo "python $version: doctor asks for: $(echo "$remedies" | paste -sd ";")"
    while read -r remedy; do [ -z "$remedy" ] || (PATH="$venv/bin:$PATH" bash -c "$remedy --quiet"); done <<<"$remedies"
    "$venv/bin/hummingbridge" demo -o "demo-$version" >/dev/null
    echo "python $version: demo wrote $(find "demo-$version" -type f | wc -l) files; $(du -sm "$venv" | cut -f1) MB installed"
  )
}

found=0
for python in ${PYTHONS:-python3.11 python3.12}; do
  if "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    prove "$python"
    found=$((found + 1))
  fi
done
[ "$found" -gt 0 ] || { echo "error: neither python3.11 nor python3.12 was found / try: PYTHONS=/path/to/python3.12 $0" >&2; exit 1; }
