#!/bin/sh
# symbols.sh - the shared library exports exactly the listed symbols.
# SPDX-License-Identifier: MIT
#
# Usage: symbols.sh NM LIBRARY LIST [STATIC LIBRARY]. Weak and local symbols do not count; those of
# sanitizers are not ours. In the static library, where hidden names are visible, all begin with
# bt_, ttt_ or bitllama_.
nm=$1 library=$2 list=$3 static=$4
exported=$("$nm" -D --defined-only "$library") || exit 2
found=$(printf '%s\n' "$exported" | awk '$2 ~ /[TDBRV]/ { print $3 }' |
  grep -vE '^(_init|_fini|_edata|_end|__bss_start|__(asan|ubsan|tsan|odr_asan).*)$' | LC_ALL=C sort)
wanted=$(grep -vE '^(#|$)' "$list" | LC_ALL=C sort)
if [ -z "$found" ]; then
  echo "symbols: $library exports nothing"
  exit 1
fi
if [ "$found" != "$wanted" ]; then
  echo "symbols: exported by $library (left) against $list (right):"
  printf '%s\n' "$found" > "${TMPDIR:-/tmp}/symbols.$$"
  printf '%s\n' "$wanted" | diff "${TMPDIR:-/tmp}/symbols.$$" -
  rm -f "${TMPDIR:-/tmp}/symbols.$$"
  exit 1
fi
if [ -n "$static" ]; then
  defined=$("$nm" -g --defined-only "$static") || exit 2
  foreign=$(printf '%s\n' "$defined" | awk 'NF == 3 && $2 ~ /[TDBRC]/ { print $3 }' |
    grep -vE '^(bt_|ttt_|bitllama_|__(asan|ubsan|tsan|odr_asan))')
  if [ -n "$foreign" ]; then
    echo "symbols: names of $static without prefix:"
    printf '%s\n' "$foreign"
    exit 1
  fi
fi
echo "symbols: $(printf '%s\n' "$found" | wc -l) exported, as listed"
