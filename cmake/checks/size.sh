#!/usr/bin/env bash
# The stripped static library stays small: size.sh STRIP LIBRARY MAX_BYTES
set -euo pipefail

stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
"$1" --strip-unneeded -o "$stripped" "$2"
bytes=$(stat -c %s "$stripped")
echo "$(basename "$2"): $bytes bytes stripped, at most $3 allowed"
((bytes <= $3))
