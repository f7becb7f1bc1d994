#!/usr/bin/env bash
# Is one network more human than another, or only less sure of itself?
#
#   human-or-only-less-sure.sh                     the small made-up set in examples/data
#   human-or-only-less-sure.sh LABELS A B          your own labels, and logits of two networks
#
# One number, the temperature, makes a network about as unsure as people are. What is left of a
# difference once both networks have theirs is not a matter of scale.
# Results stay in the folder that C10H_EXAMPLE_OUT names, else in a new temporary one.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 3 ] || set -- "$here/data/counts.csv" "$here/data/control.csv" "$here/data/human.csv"
out=${C10H_EXAMPLE_OUT:-$(mktemp -d)}

# 1. The difference as it is, and in the last column at equal scale. In the made-up set less sure is
# nearly all of it: a tenth of the difference in cross-entropy is left.
c10h score "$2" "$3" --labels "$1" -o "$out/scores.h5" --force

# 2. The same for two metrics, as a page with each network beside itself rescaled and people.
name=$(basename "$2")
c10h report "$out/scores.h5" --baseline "${name%.*}" --metrics ce_human,tvd -o "$out/report.html" --force
