#!/bin/sh
# Inside a build: the package and what it needs into /opt/hotline, in two steps so that a change of our own
# code does not fetch the rest again. Wheels in docker/wheels/ are used alone when they suffice.
set -eu
venv=/opt/hotline
cat /certificates/*.crt /certificates/*.pem >>/etc/ssl/certs/ca-certificates.crt 2>/dev/null || true
export PIP_CERT=/etc/ssl/certs/ca-certificates.crt PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore

install() {
  "$venv/bin/pip" install --quiet --no-index --find-links /wheels "$@" 2>/dev/null || "$venv/bin/pip" install --quiet "$@"
}

case $1 in
  needs)
    python3 -m venv "$venv"
    python3 -c 'import tomllib; print("\n".join(tomllib.load(open("/src/pyproject.toml", "rb"))["project"]["dependencies"]))' >/src/needs
    install -r /src/needs
    ;;
  package)
    install --no-deps /src
    "$venv/bin/pip" uninstall --quiet --yes pip
    ;;
esac
