#!/bin/sh
# SPDX-License-Identifier: MIT
# From a bare Debian 12 to a result. Installs the packages that are missing, builds, and runs:
#   sh cmake/bootstrap.sh study [options of `dynamicpo study`]   the collapse study, results in build/study
#                                                                (build/study-quick with --quick)
#   sh cmake/bootstrap.sh test                                   the whole test suite
#   sh cmake/bootstrap.sh ci                                     nothing: only the packages that .ci/sanitizers needs
set -eu
cd "$(dirname "$0")/.."

study_packages="
g++                 the compiler
cmake               the build system
ninja-build         runs the build
libeigen3-dev       linear algebra of the toy LLM
nlohmann-json3-dev  reads data sets and rows
libcli11-dev        the command line
libfmt-dev          prints the tables
gnuplot-nox         draws the curves"
test_packages="$study_packages
catch2              the test framework
libxtensor-dev      its adapter's tests
libboost-dev        multiprecision, an oracle
libthrust-dev       Thrust policies and vectors
libtbb-dev          one of Thrust's systems
libceres-dev        its automatic differentiation, an oracle
chromium            looks at the HTML report"
ci_packages="$test_packages
clang-16            the second compiler
libclang-rt-16-dev  its sanitizers"

fail() {
  echo "bootstrap: $*" >&2
  exit 1
}

missing_packages() {
  echo "$1" | while read -r package reason; do
    if [ -n "$package" ] && ! dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed; then
      echo "$package $reason"
    fi
  done
}

install_packages() {
  missing=$(missing_packages "$1")
  [ -n "$missing" ] || return 0
  names=$(echo "$missing" | cut -d ' ' -f 1 | tr '\n' ' ')
  names=${names% }

  # shellcheck disable=SC1090 # a file of assignments, the same on every distribution
  system=$(. "${DYNAMICPO_OS_RELEASE:-/etc/os-release}" 2>/dev/null && echo "${ID:-unknown} ${VERSION_ID:-}") || system=unknown
  [ "$system" = "debian 12" ] ||
    fail "this is ${system% }, not Debian 12: install what it calls these packages, then run cmake --workflow --preset $command: $names"
  if [ "$(id -u)" -eq 0 ]; then
    as_root=
  elif command -v sudo >/dev/null && sudo true; then
    as_root="sudo"
  else
    fail "cannot install without root or a working sudo; ask an administrator to run: apt-get install --no-install-recommends $names"
  fi

  echo "bootstrap: installing with apt-get:"
  echo "$missing" | while read -r package reason; do printf '  %-20s %s\n' "$package" "$reason"; done
  $as_root apt-get update -q -o APT::Update::Error-Mode=any >/dev/null ||
    fail "apt-get update failed, is there a network? Still to be installed: $names"
  # shellcheck disable=SC2086 # one word per package
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
    $names >/dev/null || fail "apt-get install failed. Still to be installed: $names"
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
  study)
    install_packages "$study_packages"
    cmake --workflow --preset study
    case " $* " in
      *" --output"*) ;;
      *" --quick"*) set -- --output build/study-quick "$@" ;;  # another study, which build/study would refuse
      *) set -- --output build/study "$@" ;;
    esac
    exec build/release/bin/dynamicpo study "$@"
    ;;
  test)
    install_packages "$test_packages"
    export CTEST_PARALLEL_LEVEL="${CTEST_PARALLEL_LEVEL:-$(nproc)}"
    exec cmake --workflow --preset test
    ;;
  ci) install_packages "$ci_packages" ;;
  *) fail "expected a command, found '$command'; usage: sh cmake/bootstrap.sh study [options] | test | ci" ;;
esac
