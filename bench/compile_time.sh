#!/bin/sh
# SPDX-License-Identifier: MIT
# What one include of the umbrella costs a translation unit, against an empty one. Runs interleaved, medians of 15.
# Usage: sh bench/compile_time.sh [compiler]
set -eu
cd "$(dirname "$0")/.."
compiler=${1:-c++}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo 'int main() {}' >"$work/empty.cpp"
echo '#include "dynamicpo/dynamicpo.hpp"
int main() {}' >"$work/umbrella.cpp"

compile() { "$compiler" -std=c++20 -O0 -I include -c "$work/$1.cpp" -o "$work/$1.o"; }
milliseconds() {
  start=$(date +%s%N)
  compile "$1"
  end=$(date +%s%N)
  echo $(((end - start) / 1000000))
}
median() { sort -n "$1" | sed -n 8p; }

compile umbrella
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
  for unit in empty umbrella; do milliseconds $unit >>"$work/$unit.ms"; done
done
empty=$(median "$work/empty.ms")
umbrella=$(median "$work/umbrella.ms")
lines=$("$compiler" -std=c++20 -I include -E -P "$work/umbrella.cpp" | wc -l)
echo "empty $empty ms, umbrella $umbrella ms, the include costs $((umbrella - empty)) ms and $lines lines ($compiler)"
