#!/bin/sh
# SPDX-License-Identifier: MIT
# What cmake/bootstrap.sh says and does, with apt-get, dpkg-query, cmake and friends played by stubs.
# Usage: sh bootstrap_test.sh <source tree> <scratch folder>
# shellcheck disable=SC2016 # stubs expand their own variables
set -eu
source_dir=$1
scratch=$2
rm -rf "$scratch"
mkdir -p "$scratch/stubs" "$scratch/tree/cmake" "$scratch/tree/build/release/bin"
cp "$source_dir/cmake/bootstrap.sh" "$scratch/tree/cmake/"
log=$scratch/log

stub() {
  printf '#!/bin/sh\n%s\n' "$2" >"$scratch/stubs/$1"
  chmod +x "$scratch/stubs/$1"
}
for tool in sh dirname grep cut tr env nproc true; do ln -s "$(command -v $tool)" "$scratch/stubs/$tool"; done
stub dpkg-query 'for last; do :; done; case " $MISSING " in *" $last "*) exit 1 ;; *) echo installed ;; esac'
stub id 'echo "$USER_ID"'
stub apt-get 'echo "apt-get $*" >>"$LOG"; [ "$1" != "$FAILING" ]'
stub cmake 'echo "cmake $*" >>"$LOG"'
printf '#!/bin/sh\necho "dynamicpo $*" >>"$LOG"\n' >"$scratch/tree/build/release/bin/dynamicpo"
chmod +x "$scratch/tree/build/release/bin/dynamicpo"
printf 'ID=debian\nVERSION_ID="12"\n' >"$scratch/debian"
printf 'ID=fedora\nVERSION_ID=40\n' >"$scratch/fedora"

# run <arguments>: in an environment described by $missing $user $failing $system.
run() {
  : >"$log"
  status=0
  env -i PATH="$scratch/stubs" LOG="$log" MISSING="$missing" USER_ID="$user" FAILING="$failing" \
    DYNAMICPO_OS_RELEASE="$scratch/$system" sh "$scratch/tree/cmake/bootstrap.sh" "$@" >"$scratch/out" 2>&1 || status=$?
}
failures=0
check() { # check <what> <test...>
  what=$1
  shift
  "$@" || {
    failures=$((failures + 1))
    echo "FAILED: $what (status $status)"
    sed 's/^/  output: /' "$scratch/out"
    sed 's/^/  called: /' "$log"
  }
}
says() { grep -qF -- "$1" "$scratch/out"; }
calls() { grep -qE -- "$1" "$log"; }
not() { ! "$@"; }
defaults() { missing="catch2 cmake" user=0 failing=none system=debian; }

defaults; missing=; run test
check "nothing missing: succeeds" [ "$status" -eq 0 ]
check "nothing missing: builds and tests" calls '^cmake --workflow --preset test$'
check "nothing missing: no apt-get" not calls apt-get
check "nothing missing: says nothing" [ ! -s "$scratch/out" ]

defaults; missing=; user=1000 system=fedora; run study --quick
check "study: builds" calls '^cmake --workflow --preset study$'
check "study: passes its options on, a quick study beside the whole one" calls '^dynamicpo study --output build/study-quick --quick$'
run study --seeds 3
check "study: its own output folder" calls '^dynamicpo study --output build/study --seeds 3$'
run study --output elsewhere
check "study: the user's output folder" calls '^dynamicpo study --output elsewhere$'

defaults; run test
check "as root: installs what is missing, no more" calls 'apt-get install .* cmake catch2$'
check "as root: updates first" calls 'apt-get update'
check "as root: says why" says "catch2               the test framework"
check "as root: goes on" calls '^cmake'

defaults; missing=catch2; run study
check "study does not need the test framework" not calls apt-get

defaults; system=fedora; run test
check "elsewhere: fails" [ "$status" -ne 0 ]
check "elsewhere: names the packages" says "this is fedora 40, not Debian 12: install what it calls these packages"
check "elsewhere: all of them" says "test: cmake catch2"
check "elsewhere: calls nothing" [ ! -s "$log" ]
system=nowhere; run test
check "unknown system: fails" [ "$status" -ne 0 ]
check "unknown system: says so" says "this is unknown, not Debian 12"

defaults; user=1000; run test
check "no rights: fails" [ "$status" -ne 0 ]
check "no rights: one sentence" says "cannot install without root or a working sudo; ask an administrator to run: apt-get install"
check "no rights: calls nothing" [ ! -s "$log" ]

defaults; failing=update; run test
check "no network: fails" [ "$status" -ne 0 ]
check "no network: one sentence" says "apt-get update failed, is there a network? Still to be installed: cmake catch2"
check "no network: stops there" not calls 'install|cmake'
failing=install; run test
check "install fails: fails" [ "$status" -ne 0 ]
check "install fails: one sentence" says "apt-get install failed. Still to be installed: cmake catch2"
check "install fails: stops there" not calls '^cmake'

stub sudo 'exit 1'
defaults; user=1000; run test
check "sudo refuses: one sentence" says "cannot install without root or a working sudo"

stub sudo 'echo "sudo $1" >>"$LOG"; "$@"'
defaults; user=1000; run test
check "sudo: succeeds" [ "$status" -eq 0 ]
check "sudo: for the packages" calls '^sudo (apt-get|env)$'
check "sudo: for nothing else" not calls '^sudo cmake'

run
check "no command: fails" [ "$status" -ne 0 ]
check "no command: usage" says "usage: sh cmake/bootstrap.sh study [options] | test | ci"

[ "$failures" -eq 0 ]
