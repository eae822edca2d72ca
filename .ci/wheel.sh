#!/usr/bin/env bash
# The wheel is the whole program: it is built from a clean clone, installed into a bare virtual environment without Node, compiler
# or network, and used there. Takes about a minute. Needs the package registries for what comes before the network is cut.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
as_user=()
trap 'rm -rf "$folder"' EXIT
wheels=$folder/wheels

echo "== A wheel from a clean clone"
git clone -q . "$folder/clone"
.venv/bin/uv build --quiet --wheel --out-dir "$wheels" "$folder/clone"
rm -rf "$folder/clone"
.venv/bin/python -m pip download -qq --only-binary=:all: --no-deps --require-hashes -r requirements.lock --dest "$wheels"

echo "== Installed and used without a network"
mkdir "$folder/work"
[ "$(id -u)" = 0 ] || as_user=(--map-current-user --keep-caps)
# No routes, and nothing on the PATH: neither Node nor a compiler.
unshare --net "${as_user[@]}" env -i HOME="$folder/work" PATH="$folder/nothing" LANG=C.UTF-8 "$BASH" -euc '
    "$4" link set lo up
    "$5" -m venv "$1/venv"
    "$1/venv/bin/python" -m pip install --quiet --no-index --find-links "$2" playground-llm-compare
    cd "$1/work"
    "$1/venv/bin/python" "$3" "$1/venv"
' wheel "$folder" "$wheels" "$PWD/.ci/use_wheel.py" "$(command -v ip)" "$PWD/.venv/bin/python"
