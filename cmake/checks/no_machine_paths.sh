#!/usr/bin/env bash
# No file of the project names a place that only one machine has.
set -euo pipefail

# An absolute path that begins in one of these folders, not a path below some other folder.
folders='home|work|root|tmp|Users|mnt|scratch'
if git grep --untracked -nIE "(^|[^A-Za-z0-9_.})/-])/($folders)/[A-Za-z0-9_.]" -- \
     ':!cmake/checks/no_machine_paths.sh'; then
  echo "These lines name a machine's own folders."
  exit 1
fi
echo "none"
