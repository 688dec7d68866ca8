#!/bin/sh
# Take the passwords from the environment, else where the PBX left them, and answer callers until SIGTERM.
# A worker is named after its container, so that several share the calls (--scale hotline=2).
# With words it is another command of `hotline`, for the same PBX: sh /etc/hotline/start.sh check
set -eu
for name in HOTLINE_ARI_PASSWORD HOTLINE_AMI_PASSWORD; do
  eval "given=\${$name:-}"
  if [ -z "$given" ]; then given=$(sed -n "s/^$name=//p" /run/hotline/passwords); fi
  export "$name=$given"
done
exec hotline "${@:-run}" --config /etc/hotline/hotline.yaml --worker "$(hostname)"
