#!/bin/sh
# native-matrix.sh - the C tests on every compiler, sanitizer and CPU that this machine can offer.
# SPDX-License-Identifier: MIT
#
# Usage: native-matrix.sh [BUILD FOLDER]     (default: build/matrix)
#
# gcc and clang, each plain and with AddressSanitizer and UBSan; the thread tests with
# ThreadSanitizer; then conformance and kernel tests on emulated CPUs: x86-64 with AVX2 (Haswell)
# and without (Nehalem, Conroe), AArch64 with dot product instructions and without (cortex-a53).
# On each it is read back which kernel ran, and all conformance hashes must be equal. What cannot
# run for lack of a tool is named at the end. JOBS: parallel jobs (default: the processors).
cd "$(dirname "$0")/../.." || exit 2
top=${1:-build/matrix}
jobs=${JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}
arm_root=${ARM_ROOT:-/usr/aarch64-linux-gnu}
mkdir -p "$top/logs" || exit 2
passed=0 failed=0 step=0
: > "$top/skipped"
: > "$top/hashes"

have() { command -v "$1" >/dev/null 2>&1; }

skip() {
  echo "skip  $1: $2"
  echo "$1 ($2)" >> "$top/skipped"
}

# sum WORD: adds up the "N passed, N failed" lines of the log, as programs and ctest -V print them.
sum() {
  awk -v word="$1" '/^([0-9]+: )?[0-9]+ passed, [0-9]+ failed$/ {
    for (i = 2; i <= NF; i++) if (index($i, word) == 1) total += $(i - 1)
  } END { print total + 0 }' "$log"
}

# run NAME COMMAND...: a line for it, and its complaints if it fails. A step without counted cases,
# such as a build, counts as one.
run() {
  run_name=$1
  shift
  step=$((step + 1))
  log="$top/logs/$(printf '%02d' $step).log"
  [ -z "$BIT_TTT_PARTS" ] || echo ".. $run_name" # for tests/run.mjs, which shows what is running
  start=$(date +%s)
  if "$@" > "$log" 2>&1; then
    cases=$(sum passed)
    passed=$((passed + (cases > 0 ? cases : 1)))
    echo "ok    $run_name ($(($(date +%s) - start)) s)"
    sed -n 's/^[0-9]*:* *skip \([^:]*: .*\)/\1/p' "$log" >> "$top/skipped"
  else
    cases=$(sum failed)
    passed=$((passed + $(sum passed)))
    failed=$((failed + (cases > 0 ? cases : 1)))
    echo "FAIL  $run_name; from $log:"
    grep -nE 'FAIL|failed:|rror:|rror |Sanitizer|\*\*\*' "$log" | head -n 30 | sed 's/^/      | /'
    tail -n 10 "$log" | sed 's/^/      | /'
    return 1
  fi
}

# build NAME CMAKE-OPTIONS...: configures and builds $top/NAME, warnings being errors.
build() {
  folder="$top/$1"
  shift
  cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=Release -DBIT_TTT_TESTS=ON -DBIT_TTT_WERROR=ON "$@" &&
    cmake --build "$folder" -j "$jobs"
}

tests() {
  folder=$1
  shift
  (cd "$folder" && ctest -V -j "$jobs" "$@")
}

# conform NAME KERNEL COMMAND-PREFIX...: the conformance test behind a prefix (an emulator, or env);
# the active kernel must be KERNEL, or any if that is empty. Notes the hashes.
conform() {
  machine=$1 expected=$2
  shift 2
  text=$("$@" --quick) || { echo "$text"; return 1; }
  echo "$text"
  active=$(echo "$text" | awk '$1 == "active" { print $2 }')
  echo "$text" | awk -v on="$machine" '$1 == "active" || $1 == "hash" { print $3, $2, "on", on }' \
    >> "$top/hashes"
  if [ -n "$expected" ] && [ "$active" != "$expected" ]; then
    echo "kernel $expected was expected, $active ran"
    return 1
  fi
}

# refuses_to_raise COMMAND...: BIT_TTT_KERNEL with a kernel that this CPU does not run, or that
# nobody knows, leaves the CPU's best one.
refuses_to_raise() {
  for wish in avx512 avx2 neon_dot no_such_kernel; do
    [ "$wish" = "$kernel" ] && continue
    BIT_TTT_KERNEL=$wish EXPECT_KERNEL=$kernel "$@" kernel_at_start || return 1
  done
}

# on_cpu NAME FOLDER KERNEL EMULATOR...: what depends on the instruction set, on an emulated CPU.
on_cpu() {
  cpu=$1 programs="$2/tests/c" kernel=$3
  shift 3
  run "$cpu: conformance on $kernel" conform "$cpu" "$kernel" "$@" "$programs/test_conformance"
  run "$cpu: integer kernels" "$@" "$programs/test_kernels" --quick
  run "$cpu: float kernels" "$@" "$programs/test_kernels_float" --quick
  run "$cpu: the environment may not raise" refuses_to_raise "$@" "$programs/test_library"
}

for compiler in gcc clang; do
  if ! have $compiler; then
    skip "$compiler" "not installed"
    continue
  fi
  run "$compiler: build" build $compiler -DCMAKE_C_COMPILER=$compiler || continue
  run "$compiler: tests" tests "$top/$compiler"
  run "$compiler: conformance" conform $compiler "" "$top/$compiler/tests/c/test_conformance"
  run "$compiler, ASan and UBSan: build" build $compiler-address -DCMAKE_C_COMPILER=$compiler \
    -DBIT_TTT_SANITIZE=address &&
    run "$compiler, ASan and UBSan: tests" tests "$top/$compiler-address"
done

sanitizer_compiler=clang
have clang || sanitizer_compiler=gcc
if have $sanitizer_compiler; then
  run "$sanitizer_compiler, TSan: build" build thread -DCMAKE_C_COMPILER=$sanitizer_compiler \
    -DBIT_TTT_SANITIZE=thread &&
    run "$sanitizer_compiler, TSan: tests" tests "$top/thread" -L 'threads|layer|conformance|faults|model|train'
else
  skip "ThreadSanitizer" "neither clang nor gcc installed"
fi

native=$top/gcc
[ -x "$native/tests/c/test_conformance" ] || native=$top/clang
if [ "$(uname -m)" != x86_64 ]; then
  skip "Haswell, Nehalem, Conroe" "not an x86-64 machine"
elif ! have qemu-x86_64; then
  skip "Haswell, Nehalem, Conroe" "qemu-x86_64 not installed"
else
  on_cpu "Haswell" "$native" avx2 qemu-x86_64 -cpu Haswell
  on_cpu "Nehalem" "$native" baseline qemu-x86_64 -cpu Nehalem
  on_cpu "Conroe" "$native" baseline qemu-x86_64 -cpu Conroe
fi
grep -q ' avx512 ' "$top/hashes" || skip "kernel avx512" "this CPU has no AVX-512 VNNI"

if ! have aarch64-linux-gnu-gcc; then
  skip "AArch64" "aarch64-linux-gnu-gcc not installed"
elif ! have qemu-aarch64; then
  skip "AArch64" "qemu-aarch64 not installed"
elif run "AArch64: build" build aarch64 -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
  -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc \
  "-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-aarch64;-L;$arm_root"; then
  run "AArch64: tests" tests "$top/aarch64"
  on_cpu "AArch64" "$top/aarch64" neon_dot qemu-aarch64 -L "$arm_root"
  on_cpu "cortex-a53" "$top/aarch64" neon qemu-aarch64 -cpu cortex-a53 -L "$arm_root"
fi

echo
sort -u "$top/hashes"
if [ "$(cut -d' ' -f1 "$top/hashes" | sort -u | wc -l)" -eq 1 ]; then
  passed=$((passed + 1))
  echo "All $(wc -l < "$top/hashes") conformance hashes are equal."
else
  failed=$((failed + 1))
  echo "FAIL  the conformance hashes differ, or there are none."
fi
sort -u "$top/skipped" -o "$top/skipped"
skipped=$(wc -l < "$top/skipped")
if [ "$skipped" -gt 0 ]; then
  echo "Skipped:"
  sed 's/^/  /' "$top/skipped"
fi
echo "$passed passed, $failed failed, $((skipped)) skipped"
[ "$failed" -eq 0 ]
