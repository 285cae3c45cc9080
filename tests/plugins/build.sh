#!/usr/bin/env bash
# Builds FaultyGain.vst3 and FaultySine.vst3 into the folder that is named, with the DPF of Debian's package dpf-source:
# bash tests/plugins/build.sh FOLDER
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dpf=${DPF:-/usr/share/dpf}/distrho
machine=$(uname -m)

build() {
  local name=$1 format=$2 out=$3
  shift 3
  mkdir -p "$(dirname "$out")"
  "${CXX:-g++}" -std=gnu++17 -O1 -fPIC -shared -fvisibility=hidden "$@" "-DDISTRHO_PLUGIN_TARGET_$format" \
    -I"$here" -I"$dpf" -I"$dpf/.." "$dpf/DistrhoPluginMain.cpp" "$here/faulty.cpp" -o "$out" -ldl -lpthread
}

build FaultyGain VST3 "$1/FaultyGain.vst3/Contents/$machine-linux/FaultyGain.so" &
first=$!
build FaultySine VST3 "$1/FaultySine.vst3/Contents/$machine-linux/FaultySine.so" -DTEST_INSTRUMENT
wait $first
