#!/bin/sh
# layering.sh - src/base <- src/kernels <- src/ttt, and <- src/model <- src/train; src/io on base
# alone, used by src/model and src/train: fails on an #include against the arrows, or in a circle.
# SPDX-License-Identifier: MIT
#
# Usage: layering.sh [REPOSITORY]. node/, wasm/ and public headers see include/ only; nothing includes
# the tests. Prints each wrong line.
cd "${1:-.}" || exit 2
wrong=0
checked=0

# check FOLDER FORBIDDEN: no file of FOLDER includes a path that matches FORBIDDEN.
check() {
  [ -d "$1" ] || { echo "layering: no folder $1"; exit 2; }
  files=$(find "$1" -type f \( -name '*.[ch]' -o -name '*.cc' -o -name '*.inc' \) | sort)
  for file in $files; do
    checked=$((checked + 1))
    found=$(grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' "$file" | grep -E "$2")
    [ -z "$found" ] && continue
    echo "$file: $1 may not include this:"
    echo "$found"
    wrong=$((wrong + 1))
  done
}

check src/base '["</](kernels|ttt|io|model|train|tests|node|wasm)/'
check src/io '["</](kernels|ttt|model|train|tests|node|wasm)/'
check src/kernels '["/](ttt|io|model|train|tests|node|wasm)/'
check src/ttt '["</](model|train|tests|node|wasm)/'
check src/model '["</](ttt|train|tests|node|wasm)/'
check src/train '["</](ttt|tests|node|wasm)/'
check include '["</](src|base|io|kernels|model|train|ttt|tests|node|wasm)/'
check node '["</](src|base|io|kernels|model|train|ttt|tests|wasm)/'
check wasm '["</](src|base|io|kernels|model|train|ttt|tests|node)/'

# No file of src/ includes itself by way of others: files that include none of those left, or that none
# of those left includes, are removed until only circles remain.
circle=$(find src -type f \( -name '*.[ch]' -o -name '*.inc' \) | sort | awk '
  function resolve(file, name) { # a path relative to the folder of file
    sub(/[^\/]*$/, "", file)
    while (sub(/^\.\.\//, "", name)) sub(/[^\/]*\/$/, "", file)
    return file name
  }
  {
    left[$0] = 1
    while ((getline line < $0) > 0)
      if (line ~ /^[[:space:]]*#[[:space:]]*include[[:space:]]*"/) {
        split(line, parts, "\"")
        includes[$0] = includes[$0] resolve($0, parts[2]) "\n"
      }
    close($0)
  }
  END {
    do {
      removed = 0
      split("", included)
      for (file in left) {
        includes_one = 0
        n = split(includes[file], names, "\n")
        for (i = 1; i < n; i++) if (names[i] in left) { includes_one = 1; included[names[i]] = 1 }
        if (!includes_one) { delete left[file]; removed = 1 }
      }
      for (file in left) if (!(file in included)) { delete left[file]; removed = 1 }
    } while (removed)
    for (file in left) print file
  }' | sort)
if [ -n "$circle" ]; then
  echo "layering: these files include each other in a circle:"
  echo "$circle"
  wrong=$((wrong + 1))
fi

if [ "$checked" -lt 10 ]; then
  echo "layering: only $checked files found"
  exit 2
fi
echo "layering: $checked files, $wrong wrong"
[ "$wrong" -eq 0 ]
