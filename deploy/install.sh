#!/bin/sh
# What the image is made of, in two steps, so that the first is cached while only the code changes:
#
#   deploy/install.sh dependencies PREFIX    what requirements/image.txt locks
#   deploy/install.sh service PREFIX         ringmain itself, from the folder that this script's folder is in
#
# PREFIX is a virtual environment of its own; the first step makes it. What installs and builds lives beside it, in
# PREFIX-build, and is not needed to run. PYTHON names the interpreter (python3). Hashes are required throughout, and
# what is written to PREFIX is compiled, so that nobody needs to write there again.
set -eu

usage() {
	sed -n 's/^#   \(deploy.*\)/\1/p' "$0" >&2
	exit 2
}

[ $# -eq 2 ] || usage
step=$1
mkdir -p "$2"
prefix=$(cd "$2" && pwd)
build=$prefix-build
source=$(cd "$(dirname "$0")/.." && pwd)

install() { # arguments of pip; into PREFIX, which has no pip of its own
	"$build/bin/python" -m pip --disable-pip-version-check --quiet --python "$prefix/bin/python" install --no-cache-dir --compile "$@"
}

case $step in
dependencies)
	"${PYTHON:-python3}" -m venv "$build"
	# The pip that reads the locks is locked too.
	"$build/bin/python" -m pip --disable-pip-version-check --quiet install --no-cache-dir --require-hashes \
		-r "$source/requirements/build.txt"
	"${PYTHON:-python3}" -m venv --without-pip "$prefix"
	install --require-hashes --only-binary :all: -r "$source/requirements/image.txt"
	;;
service)
	wheels=$(mktemp -d)
	trap 'rm -rf "$wheels"' EXIT
	"$build/bin/python" -m pip --disable-pip-version-check --quiet wheel --no-build-isolation --no-deps \
		--wheel-dir "$wheels" "$source/clients/python" "$source"
	# Also where one of the same version is there, as between two builds of a development version.
	install --no-deps --force-reinstall "$wheels"/*.whl
	;;
*) usage ;;
esac
