#!/bin/sh
# Builds the bundles, the panel's and that of the page of a join link, out of
# tree: build.sh SOURCE WORK OUTPUT.
# npm puts exactly what package-lock.json says into WORK; scripts of packages
# are not run.
set -eu

source=$1
work=$2
output=$3

# bundle SCRIPT STYLE NAME
bundle() {
	NODE_PATH="$work/node_modules" "$work/node_modules/.bin/esbuild" \
		"$source/src/$1" --bundle --minify --format=esm --target=es2022 \
		--jsx=automatic --jsx-import-source=preact --log-level=warning \
		--legal-comments=none --outfile="$output/$3.js"
	NODE_PATH="$work/node_modules" "$work/node_modules/.bin/esbuild" \
		"$source/src/$2" --bundle --minify --target=es2022 \
		--log-level=warning --outfile="$output/$3.css"
}

mkdir -p "$work" "$output"
if ! cmp -s "$source/package-lock.json" "$work/installed"; then
	cp "$source/package.json" "$source/package-lock.json" "$work/"
	(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund \
		--loglevel=error)
	cp "$source/package-lock.json" "$work/installed"
fi
bundle main.jsx main.css panel
bundle join/main.jsx join/join.css join
cp "$source/src/index.html" "$source/src/icon.svg" \
	"$source/src/join/join.html" "$output/"
