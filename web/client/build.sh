#!/bin/sh
# Builds the panel's bundle out of tree: build.sh SOURCE WORK OUTPUT.
# npm puts exactly what package-lock.json says into WORK; scripts of packages
# are not run.
set -eu

source=$1
work=$2
output=$3

mkdir -p "$work" "$output"
if ! cmp -s "$source/package-lock.json" "$work/installed"; then
	cp "$source/package.json" "$source/package-lock.json" "$work/"
	(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund \
		--loglevel=error)
	cp "$source/package-lock.json" "$work/installed"
fi
NODE_PATH="$work/node_modules" "$work/node_modules/.bin/esbuild" \
	"$source/src/main.jsx" --bundle --minify --format=esm --target=es2022 \
	--jsx=automatic --jsx-import-source=preact --log-level=warning \
	--legal-comments=none --outfile="$output/panel.js"
NODE_PATH="$work/node_modules" "$work/node_modules/.bin/esbuild" \
	"$source/src/main.css" --bundle --minify --target=es2022 --log-level=warning \
	--outfile="$output/panel.css"
cp "$source/src/index.html" "$source/src/icon.svg" "$output/"
