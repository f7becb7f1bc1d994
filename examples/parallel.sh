#!/usr/bin/env bash
# Many networks against the same people, several at a time, with GNU parallel.
#
#   parallel.sh                           the two made-up networks in examples/data
#   parallel.sh LABELS PREDICTIONS...     your own
#
# JOBS (at a time) may be set. Results stay in the folder that C10H_EXAMPLE_OUT names, else in
# a new temporary one; a second call with that folder, or one with more networks, computes only what is new.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 2 ] || set -- "$here/data/counts.csv" "$here/data/control.csv" "$here/data/human.csv"
out=${C10H_EXAMPLE_OUT:-$(mktemp -d)}
labels=$1
shift

# 1. One process a network. Each has one thread, as parallel has the others.
OMP_NUM_THREADS=1 parallel --quote --keep-order --halt now,fail=1 --jobs "${JOBS:-2}" \
  c10h score {} --labels "$labels" --quiet -o "$out/{/.}.h5" --skip-existing ::: "$@"

# 2. One report. The same items and the same seed make the differences paired.
scores=()
for file in "$@"; do
  name=$(basename "$file")
  scores+=("$out/${name%.*}.h5")
done
c10h report "${scores[@]}" --metrics ce_human,equivalent_annotators
