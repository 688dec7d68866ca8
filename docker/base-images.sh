#!/usr/bin/env bash
# Base images for machines that reach no image registry: debian:sid-slim and debian:trixie-slim, made from Debian's
# own packages by debootstrap (as root). An image that is there, or can be pulled, is left as it is.
#
#   HOTLINE_DEBIAN_MIRROR          another mirror
#   HOTLINE_DEBIAN_CHECK_RELEASE   0: trust a mirror signed by nobody we know
#   HOTLINE_CACHE                  where downloaded packages are kept (default ~/.cache/hotline)
set -euo pipefail
cache=${HOTLINE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hotline}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

there() { docker image inspect "$1" >/dev/null 2>&1; }
pulled() { timeout 60 docker pull --quiet "$1" >/dev/null 2>&1; }

make_image() { # make_image SUITE
  local suite=$1 image=debian:$1-slim root
  if there "$image"; then echo "$image is there"; return; fi
  if pulled "$image"; then echo "$image was pulled"; return; fi
  ((EUID == 0)) || { echo "$image can neither be pulled nor, not being root, be made" >&2; return 1; }
  command -v debootstrap >/dev/null || { echo "$image: please install debootstrap" >&2; return 1; }
  local began=$SECONDS options=(--variant=minbase)
  if [ "${HOTLINE_DEBIAN_CHECK_RELEASE:-1}" = 0 ]; then options+=(--no-check-gpg); else options+=("--keyring=$keyring"); fi
  mkdir -p "$cache/packages/$suite"
  options+=("--cache-dir=$cache/packages/$suite")
  root=$(mktemp -d "$cache/$suite.XXXXXX")
  trap 'rm -rf "$root"' RETURN
  if ! debootstrap "${options[@]}" "$suite" "$root" ${HOTLINE_DEBIAN_MIRROR:+"$HOTLINE_DEBIAN_MIRROR"} >"$root.log" 2>&1; then
    tail -n 3 "$root.log" >&2
    return 1
  fi
  rm -f "$root.log"
  # As Debian's own slim images: no documentation, no service started during a build. A mirror frozen in time serves.
  printf '%s\n' 'path-exclude /usr/share/doc/*' 'path-include /usr/share/doc/*/copyright' 'path-exclude /usr/share/man/*' \
    'path-exclude /usr/share/info/*' 'path-exclude /usr/share/locale/*' >"$root/etc/dpkg/dpkg.cfg.d/docker"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/frozen-mirror"
  tar -C "$root" -c --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./usr/share/man/*' \
    --exclude='./usr/share/locale/*' --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' . \
    | docker import --change 'CMD ["bash"]' - "$image" >/dev/null
  echo "$image was made from ${HOTLINE_DEBIAN_MIRROR:-Debian}'s packages ($((SECONDS - began)) s)"
}

making=()
for suite in sid trixie; do make_image "$suite" & making+=($!); done
failed=0
for job in "${making[@]}"; do wait "$job" || failed=1; done
exit "$failed"
