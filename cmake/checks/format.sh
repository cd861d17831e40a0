#!/usr/bin/env bash
# Every C++ file is formatted as .clang-format says: format.sh CLANG_FORMAT [--fix]
set -euo pipefail

mapfile -t files < <(git ls-files --cached --others --exclude-standard -- \
                     '*.cpp' '*.hpp' '*.c' '*.h' | while read -r file; do
                       if [[ -e $file ]]; then echo "$file"; fi
                     done)
if [[ ${2:-} == --fix ]]; then
  "$1" -i "${files[@]}"
elif ! "$1" --dry-run -Werror "${files[@]}"; then
  echo "To format: cmake/checks/format.sh $1 --fix"
  exit 1
fi
echo "${#files[@]} files"
