#!/usr/bin/env bash
# Everything the other commands need: Debian packages (as root, said before it is done) and the virtual environment.
set -euo pipefail
python=$1 venv=$2

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "hotline: $("$python" --version) is too old; Python 3.11 or newer is needed (make PYTHON=python3.12 …)" >&2
  exit 1
}

wanted=()
command -v espeak-ng >/dev/null || wanted+=(espeak-ng)
command -v ffmpeg >/dev/null || wanted+=(ffmpeg)
command -v debootstrap >/dev/null || command -v asterisk >/dev/null || wanted+=(debootstrap)
"$python" -c 'import ensurepip, venv' 2>/dev/null || wanted+=(python3-venv)
if ((${#wanted[@]})); then
  if ! command -v apt-get >/dev/null; then
    echo "hotline: please install: ${wanted[*]}" >&2
    exit 1
  fi
  as_root=()
  ((EUID == 0)) || as_root=(sudo)
  echo "Installing Debian packages as root: ${wanted[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
fi

echo "Installing Python packages into $venv (once, a minute or two)"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -e '.[dev]'
