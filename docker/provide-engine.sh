#!/usr/bin/env bash
# A Docker engine for machines where none answers (CI): Debian's packages, and a dockerd of its own, started by hand.
#
#   docker/provide-engine.sh start    installs if needed (root, apt), starts, waits, prints DOCKER_HOST=…
#   docker/provide-engine.sh stop     ends this dockerd, by its pid, and nothing else; its images stay
#   docker/provide-engine.sh remove   … and its images
#
# Its data, socket and pid lie in HOTLINE_ENGINE (default: hotline-engine in the temporary folder). When an engine
# answers already, start prints that one and starts nothing. While it runs, the machine forwards packets between
# networks and has the bridge docker0, as with any dockerd.
set -euo pipefail
folder=${HOTLINE_ENGINE:-${TMPDIR:-/tmp}/hotline-engine}
socket=unix://$folder/docker.sock
pidfile=$folder/docker.pid
log=$folder/docker.log

fail() { echo "provide-engine: $1" >&2; exit 1; }
answers() { docker ${1:+-H "$1"} version --format '{{.Server.Version}}' >/dev/null 2>&1; }
ours() { [ -s "$pidfile" ] && grep -qs dockerd "/proc/$(cat "$pidfile")/comm"; }

install() {
  command -v dockerd >/dev/null && compose_is_there && return
  ((EUID == 0)) || fail "no Docker engine, and only root can install one"
  command -v apt-get >/dev/null || fail "no Docker engine, and no apt-get to install one"
  echo "Installing Debian packages as root: docker.io docker-compose iptables" >&2
  apt-get -qq update >&2
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends docker.io docker-compose iptables \
    >"$folder/apt.log" 2>&1 </dev/null || { tail -n 5 "$folder/apt.log" >&2; fail "docker.io could not be installed"; }
}

compose_is_there() { docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null; }

started() { # started OPTION…: a dockerd with these options answers
  setsid dockerd --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$pidfile" --host "$socket" "$@" \
    >"$log" 2>&1 </dev/null 9>&- &
  for _ in $(seq 120); do
    answers "$socket" && return 0
    kill -0 $! 2>/dev/null || return 1
    sleep 0.25
  done
  end
  return 1
}

end() {
  ours || return 0
  local pid
  pid=$(cat "$pidfile")
  kill "$pid"
  for _ in $(seq 120); do
    if [ ! -d "/proc/$pid" ]; then
      umount "$folder/exec/netns/default" 2>/dev/null || true
      return 0
    fi
    sleep 0.25
  done
  fail "dockerd ($pid) does not end"
}

mtu() { # that of the way out, which may be narrower than a bridge's 1500
  local device
  device=$(awk '$2 == "00000000" {print $1; exit}' /proc/net/route)
  cat "/sys/class/net/${device:-lo}/mtu" 2>/dev/null || echo 1500
}

start() {
  if answers ""; then echo "DOCKER_HOST=${DOCKER_HOST:-unix:///var/run/docker.sock}"; return; fi
  mkdir -p "$folder"
  exec 9>"$folder/lock"
  flock 9
  if answers "$socket"; then echo "DOCKER_HOST=$socket"; return; fi
  install
  ((EUID == 0)) || fail "a Docker engine is installed but not running, and only root can start it"
  local width
  width=$(mtu)
  ((width < 1500)) || width=1500
  started --mtu "$width" \
    || started --mtu "$width" --storage-driver vfs \
    || started --mtu "$width" --iptables=false --ip6tables=false \
    || started --mtu "$width" --iptables=false --ip6tables=false --storage-driver vfs --bridge none \
    || { grep -E 'level=(error|fatal)|failed' "$log" | tail -n 3 >&2; fail "dockerd does not start here; see $log"; }
  echo "DOCKER_HOST=$socket"
}

case ${1:-} in
  start) start ;;
  stop) end ;;
  remove) end && rm -rf "$folder" ;;
  *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
