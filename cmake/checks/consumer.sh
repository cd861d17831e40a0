#!/usr/bin/env bash
# A user's project finds octet: consumer.sh CMAKE SOURCE_DIR BUILD_DIR COMPILER
#
# Installs the build into a new folder, moves that folder, and builds and runs the same small
# program against it with find_package and with pkg-config. Then embeds octet's source and checks
# that octet imposes nothing on its host.
set -euo pipefail
cmake=$1 source=$2 build=$3 compiler=$4
consumer=$source/cmake/checks/consumer

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quietly() { "$@" > "$work/log" 2>&1 || { cat "$work/log"; return 1; }; }

quietly "$cmake" --install "$build" --prefix "$work/first"
mv "$work/first" "$work/prefix"

echo "find_package"
quietly "$cmake" -G Ninja -S "$consumer" -B "$work/package" \
  -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$compiler"
quietly "$cmake" --build "$work/package"
"$work/package/consumer"

if quietly command -v pkg-config; then
  echo "pkg-config"
  PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name octet.pc)")
  export PKG_CONFIG_PATH
  # Unquoted: these are lists of flags.
  # shellcheck disable=SC2046
  "$compiler" -std=c++20 $(pkg-config --cflags octet) "$consumer/main.cpp" \
    $(pkg-config --libs octet) -o "$work/with_pkg_config"
  "$work/with_pkg_config"
else
  echo "pkg-config: not here, skipped"
fi

echo "add_subdirectory"
quietly "$cmake" -G Ninja -S "$consumer" -B "$work/embedded" -DOCTET_EMBEDDED_IN="$source" \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
if grep -q -- -Werror "$work/embedded/compile_commands.json"; then
  echo "octet makes warnings errors in a project that embeds it"
  exit 1
fi
if grep '"file"' "$work/embedded/compile_commands.json" |
   grep -E "$source/(tests|bench|examples)/"; then
  echo "octet adds its own programs to a project that embeds it"
  exit 1
fi
if grep -B1 '"file".*consumer/main.cpp' "$work/embedded/compile_commands.json" |
   grep -E -- ' -(m|W|f)[a-z]'; then
  echo "octet's compiler flags reach the project that embeds it"
  exit 1
fi
