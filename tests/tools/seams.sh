#!/bin/sh
# seams.sh - memory goes through src/base/alloc.c only; the library neither prints nor exits, and opens no
# file.
# SPDX-License-Identifier: MIT
#
# Usage: seams.sh [REPOSITORY]. Prints each line that calls what it may not. Comments do not count.
cd "${1:-.}" || exit 2
memory='malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup|alloca|mmap'
output='printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|fwrite|perror'
process='exit|_exit|_Exit|quick_exit|abort|assert|raise|signal|longjmp|setjmp|system|fork|atexit'
files='fopen|open|fread|read|write|fclose|remove|rename'
wrong=0
checked=0

# Blanks out comments and strings; line numbers stay.
code() {
  awk '{
    line = $0; out = ""
    while (length(line)) {
      if (inside) {
        at = index(line, "*/")
        if (!at) { line = ""; break }
        line = substr(line, at + 2); inside = 0; continue
      }
      if (match(line, /^"([^"\\]|\\.)*"/)) { out = out "\"\""; line = substr(line, RLENGTH + 1) }
      else if (substr(line, 1, 2) == "/*") { inside = 1; line = substr(line, 3) }
      else if (substr(line, 1, 2) == "//") { line = "" }
      else { out = out substr(line, 1, 1); line = substr(line, 2) }
    }
    print out
  }' "$1"
}

for file in $(find src include -type f \( -name '*.[ch]' -o -name '*.inc' \) | sort); do
  checked=$((checked + 1))
  banned="$output|$process|$files"
  [ "$file" = src/base/alloc.c ] || banned="$banned|$memory"
  found=$(code "$file" | grep -nE "(^|[^A-Za-z0-9_.>])($banned)[[:space:]]*\(")
  [ -z "$found" ] && continue
  echo "$file calls what the library may not:"
  echo "$found"
  wrong=$((wrong + 1))
done

if [ "$checked" -lt 10 ]; then
  echo "seams: only $checked files found"
  exit 2
fi
echo "seams: $checked files, $wrong wrong"
[ "$wrong" -eq 0 ]
