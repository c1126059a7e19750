#!/bin/sh
# safetensors-corpus.sh - makes the conformance corpus in a temporary folder and runs a test on it.
# SPDX-License-Identifier: MIT
#
# Usage: safetensors-corpus.sh CORPUS-FOLDER TEST-COMMAND...
#
# The folder has gen.py, which writes the 51,694 cases, and the reference's verdicts. Without it, or
# without Python, the test runs all the same and says that it had no corpus.
corpus=$1
shift
if [ ! -f "$corpus/gen.py" ]; then
  echo "skip reference corpus: no $corpus/gen.py"
  exec "$@"
fi
python=$(command -v python3) || {
  echo "skip reference corpus: python3 not installed"
  exec "$@"
}
corpus=$(cd "$corpus" && pwd) || exit 2
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' HUP INT TERM
(cd "$folder" && "$python" "$corpus/gen.py") || exit 2
cp "$corpus/reference_accepts.txt" "$folder" || exit 2
SAFETENSORS_CORPUS=$folder "$@"
