#!/bin/sh
# layering.sh - src/base <- src/kernels <- src/ttt, and <- src/model <- src/train; src/io on base
# alone, used by src/model and src/train: fails on an #include against the arrows.
# SPDX-License-Identifier: MIT
#
# Usage: layering.sh [REPOSITORY]. Bindings and public headers see include/ only; nothing includes
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
check wasm '["</](src|kernels|ttt|tests|node)/'

if [ "$checked" -lt 10 ]; then
  echo "layering: only $checked files found"
  exit 2
fi
echo "layering: $checked files, $wrong wrong"
[ "$wrong" -eq 0 ]
