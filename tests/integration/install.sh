#!/bin/sh
# The tests' packages by the lock file, into node_modules beside it; nothing to do when they are there already.
set -eu
cd "$(dirname "$0")"
command -v node >/dev/null || { echo "node is missing: apt-get install nodejs npm (18.20 or newer)" >&2; exit 1; }
if [ -e node_modules/.handover ] && cmp -s package-lock.json node_modules/.handover; then
    exit 0
fi
command -v npm >/dev/null || { echo "npm is missing: apt-get install npm" >&2; exit 1; }
npm ci --no-audit --no-fund --ignore-scripts
cp package-lock.json node_modules/.handover
