# shellcheck shell=bash disable=SC2034,SC2154
# Sourced by `quickstart` and `test`: what octet needs of a machine, and how progress is shown.
# Both run in the repository's root and write only below build/.

# The Debian 12 packages, the one place that lists them.
build_packages=(
  g++ cmake ninja-build  # the library
  libxsimd-dev
  libgtest-dev           # tests
  libtbb-dev libpthreadpool-dev  # the tests of their adapters
  libbenchmark-dev libcli11-dev nlohmann-json3-dev  # benchmarks
  python3 python3-pip    # reports, checks, scripts/install_onednn
  libcairo2-dev zlib1g-dev dataset-fashion-mnist    # examples
)
test_packages=(
  clang-19 libclang-rt-19-dev libomp-19-dev  # second compiler, sanitizers
  clang-format-19 binutils git pkgconf       # checks
  qemu-user                                  # other CPUs
  g++-aarch64-linux-gnu googletest           # 64-bit ARM
  llvm-19                                    # llvm-mca, the model of ARM cores
)

# step TITLE: begins the next numbered step; steps_total is how many there are.
step() {
  step_number=$((${step_number:-0} + 1))
  printf '\n[%d/%d] %s  (at %d s)\n' "$step_number" "$steps_total" "$1" "$SECONDS"
}

# quietly NAME COMMAND...: keeps the output in a log; shows the end of it if the command fails.
quietly() {
  local log=build/logs/$1.log started=$SECONDS
  shift
  mkdir -p build/logs
  if "$@" < /dev/null > "$log" 2>&1; then
    printf '  ok, %d s: %s\n' $((SECONDS - started)) "$*"
  else
    tail -n 60 "$log"
    printf '  FAILED: %s\n  The whole output is in %s\n' "$*" "$log"
    return 1
  fi
}

# install_packages NAME...: installs what is missing, and only that.
install_packages() {
  if ! command -v apt-get > /dev/null; then
    cat << END
This machine has no apt-get. Install the equivalents of these Debian packages:
  $*
and then, in place of this script:
  cmake --preset release && cmake --build --preset release && ctest --preset release
END
    return 1
  fi
  local name missing=()
  for name in "$@"; do
    if [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2> /dev/null) != installed ]]; then
      missing+=("$name")
    fi
  done
  if ((${#missing[@]} == 0)); then
    echo "  nothing is missing"
    return
  fi
  echo "  missing: ${missing[*]}"
  local as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo > /dev/null; then
      echo "  Neither root nor sudo. Ask for: apt-get install ${missing[*]}"
      return 1
    fi
    as_root=(sudo)
  fi
  quietly apt-update "${as_root[@]}" apt-get update
  quietly apt-install "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${missing[@]}"
}
