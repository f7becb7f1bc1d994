#!/usr/bin/env bash
# From judgments to soft labels, who gave them, how noisy they are, and where to ask next.
#
#   label-judgments.sh                        the small made-up table in examples/data
#   label-judgments.sh JUDGMENTS [OPTIONS]    your own, with the options of c10h labels build that
#                                             name its columns and classes
#
# Results stay in the folder that C10H_EXAMPLE_OUT names, else in a new temporary one.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
if [ $# -ge 1 ]; then
  table=$1
  shift
else
  table=$here/data/judgments.csv
  set -- --classes cat,fox,dog,wolf
fi
out=${C10H_EXAMPLE_OUT:-$(mktemp -d)}

# 1. Votes of attentive annotators. What was left out is listed, and counted in the lineage.
c10h labels build "$table" "$@" -o "$out/labels.h5" --excluded "$out/excluded.csv" --force

# 2. The annotators who agree least with the others.
c10h labels annotators "$table" "$@" --limit 5

# 3. How noisy the labels are, and would have been with fewer votes.
c10h labels noise "$out/labels.h5"

# 4. Where 200 more judgments would help most.
c10h labels plan "$out/labels.h5" --budget 200 -o "$out/next.csv" --force
head -n 6 "$out/next.csv"
