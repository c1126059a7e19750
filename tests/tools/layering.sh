#!/bin/sh
# layering.sh - who may include whom in C and C++: fails on an #include against the rules below, on a
# file that is in none of their folders, and on files that include each other in a circle.
# SPDX-License-Identifier: MIT
#
# Usage: layering.sh [REPOSITORY]. Prints each wrong #include.
cd "${1:-.}" || exit 2
files=$(find src include node wasm -type f \
  \( -name '*.[ch]' -o -name '*.inc' -o -name '*.cc' -o -name '*.cpp' -o -name '*.hpp' \) | sort)

echo "$files" | awk '
  BEGIN {
    allowed["src/base"] = "src/base include"
    allowed["src/io"] = "src/io src/base include"
    allowed["src/kernels"] = "src/kernels src/base include"
    allowed["src/ttt"] = "src/ttt src/kernels src/base include"
    allowed["src/recall"] = "src/recall src/kernels src/base include"
    allowed["src/model"] = "src/model src/recall src/kernels src/io src/base include"
    allowed["src/train"] = "src/train src/model src/kernels src/io src/base include"
    allowed["include"] = "include"
    allowed["node"] = "node include"
    allowed["wasm"] = "wasm include"
  }
  function folder_of(file, i, parts) { # its first two parts in src, the first elsewhere
    i = split(file, parts, "/")
    return parts[1] == "src" && i > 2 ? parts[1] "/" parts[2] : parts[1]
  }
  function normal(path, i, n, parts, out, depth) { # without . and ..
    n = split(path, parts, "/")
    for (i = 1; i <= n; i++) {
      if (parts[i] == "..") depth--
      else if (parts[i] != "." && parts[i] != "") out[++depth] = parts[i]
    }
    path = out[1]
    for (i = 2; i <= depth; i++) path = path "/" out[i]
    return path
  }
  function wrong(what) {
    print what
    bad++
  }
  { known[$0] = 1; order[++count] = $0 }
  END {
    for (i = 1; i <= count; i++) check(order[i])
    circles()
    print "layering: " count " files, " bad + 0 " wrong"
    exit bad > 0 || count < 100
  }
  function check(file, folder, line, number, name, target, base) {
    folder = folder_of(file)
    if (!(folder in allowed)) return wrong(file ": no rule for " folder)
    base = file
    sub(/[^\/]*$/, "", base)
    while ((getline line < file) > 0) {
      number++
      if (line !~ /^[[:space:]]*#[[:space:]]*(include|include_next|import)[[:space:]]*["<]/) continue
      name = line
      sub(/^[^"<]*["<]/, "", name)
      sub(/[">].*/, "", name)
      target = normal(base name)
      if (!(target in known)) target = normal("include/" name)
      if (!(target in known)) { # not of the project, unless it reads like a part of it
        if (name ~ /\.\.\/|(^|\/)(src|base|io|kernels|ttt|model|train|node|wasm|tests)\//)
          wrong(file ":" number ": " name " is no file that it may include")
        continue
      }
      includes[file] = includes[file] target "\n"
      if (folder == "src/base" && target ~ /^include/ && target != "include/bit_ttt/base.h")
        wrong(file ":" number ": src/base may include base.h alone of the public headers")
      if (index(" " allowed[folder] " ", " " folder_of(target) " ") == 0)
        wrong(file ":" number ": " folder " may not include " target)
    }
    close(file)
  }
  # Files that include none of those left, or that none of those left includes, are removed until only
  # circles remain.
  function circles(i, n, names, file, included, one, removed) {
    do {
      removed = 0
      split("", included)
      for (file in known) {
        one = 0
        n = split(includes[file], names, "\n")
        for (i = 1; i < n; i++) if (names[i] in known) { one = 1; included[names[i]] = 1 }
        if (!one) { delete known[file]; removed = 1 }
      }
      for (file in known) if (!(file in included)) { delete known[file]; removed = 1 }
    } while (removed)
    for (file in known) wrong(file ": is in a circle of files that include each other")
  }'
