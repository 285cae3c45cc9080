#!/usr/bin/env bash
# Installs the programs that some tests use (Ardour, JACK, OSC and audio tools), where apt is there and this is root,
# or a build machine (CI is set) with sudo. NO_APT=1 leaves the machine as it is.
# It never fails: a test whose program is absent skips and says so.
set -u

packages=(
  ardour jackd2 xvfb xdotool x11-utils
  liblo-tools libportaudio2 gcc libc6-dev
  fluidsynth fluid-soundfont-gm lame sox lua5.3 lua5.4
  util-linux
  zam-plugins dpf-source g++
)

say() { echo "test programs: $*"; }

[ -z "${NO_APT:-}" ] || exit 0
command -v apt-get >/dev/null || { say "no apt here; the tests that need them skip"; exit 0; }
absent=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || absent+=("$package")
done
[ ${#absent[@]} -gt 0 ] || { say "all there"; exit 0; }
if [ "$(id -u)" = 0 ]; then
  as_root=()
elif [ -n "${CI:-}" ] && sudo -n true 2>/dev/null; then
  as_root=(sudo -n)
else
  say "some tests skip; for them, as root: apt-get install --no-install-recommends ${absent[*]}"
  exit 0
fi

export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" timeout 120 apt-get update -qq || say "apt-get update did not work; going on with what apt knows"
# All at once; where one is unknown here, each by itself.
if ! "${as_root[@]}" timeout 600 apt-get install -y -qq --no-install-recommends "${absent[@]}" >/dev/null 2>&1; then
  for package in "${absent[@]}"; do
    "${as_root[@]}" timeout 300 apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 \
      || say "$package cannot be had here; the tests that need it skip"
  done
fi
exit 0
