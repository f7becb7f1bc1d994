#!/usr/bin/env bash
# From votes and logits to a table, a gate and a Markdown report.
#
#   score-logits.sh                                  the small made-up set in examples/data
#   score-logits.sh COUNTS TRUTH PREDICTIONS...      your own, for CIFAR-10H for instance
#       cifar10h-counts.npy cifar10_test_labels.npy my-network.npy
#
# Results stay in the folder that C10H_EXAMPLE_OUT names, else in a new temporary one.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
if [ $# -ge 3 ]; then
  counts=$1 truth=$2
  shift 2
else
  counts=$here/data/counts.csv truth=$here/data/truth.csv
  set -- "$here/data/control.csv" "$here/data/human.csv"
fi
out=${C10H_EXAMPLE_OUT:-$(mktemp -d)}

# 1. Votes become soft labels. Truth is stored with them, so later commands need one file.
c10h labels build "$counts" --truth "$truth" -o "$out/labels.h5" --force

# 2. The table: every metric with its interval, and what people reach. The scores are kept too.
c10h score "$@" --labels "$out/labels.h5" -o "$out/scores.h5" --force

# 3. A gate for continuous integration: exit status 3 when a run is further from people than that.
if ! c10h score "$@" --labels "$out/labels.h5" --metrics ce_human --json \
  --fail-if 'ce_human>0.9' > "$out/gate.json"; then
  echo "The gate is closed: the numbers are in $out/gate.json"
fi

# 4. A report for a paper's appendix or a pull request.
c10h report "$out/scores.h5" -o "$out/report.md" --force
cat "$out/report.md"

# 5. How the scores were made, down to the SHA-256 of the votes.
c10h show "$out/scores.h5" | sed -n '/^c10h score/,$p'
