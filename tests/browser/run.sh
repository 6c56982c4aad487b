#!/bin/sh
# Runs one browser test with its npm packages: run.sh SOURCE WORK TEST.
# Prints TAP; skips where there is no Chromium.
set -eu

source=$1
work=$2
test=$3

if ! [ -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
	echo "1..0 # SKIP no Chromium"
	exit 0
fi
cp "$source"/*.mjs "$source/package.json" "$source/package-lock.json" "$work/"
if ! cmp -s "$work/package-lock.json" "$work/installed"; then
	(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund \
		--loglevel=error >&2)
	cp "$work/package-lock.json" "$work/installed"
fi
exec node "$work/$test"
