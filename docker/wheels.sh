#!/usr/bin/env bash
# For builds that reach no package index themselves (a proxy, a private mirror, your own certificates): fetch with
# this machine's pip, as it is configured, what the images' Pythons need, into docker/wheels/.
#
#   docker/wheels.sh [PYTHON] [VERSION …]      default: python3, for 3.13 (trixie) and 3.14 (sid)
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
shift || true
(($#)) || set -- 3.13 3.14

mapfile -t needs < <("$python" - <<'END'
import tomllib
project = tomllib.load(open("pyproject.toml", "rb"))
print("\n".join(project["project"]["dependencies"] + project["build-system"]["requires"]))
END
)
# The condition is ours to know: pip would judge it by the Python that runs it.
needs=("${needs[@]%%;*}")
for version in "$@"; do
  "$python" -m pip download --quiet --disable-pip-version-check --dest docker/wheels \
    --only-binary :all: --implementation cp --python-version "$version" --abi "cp${version/./}" --abi abi3 --abi none \
    "${needs[@]}" &
done
failed=0
for job in $(jobs -p); do wait "$job" || failed=1; done
exit "$failed"
