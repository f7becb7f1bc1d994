#!/usr/bin/env bash
# Text, not images: votes as ChaosNLI has them, 100 people a pair of sentences, and a classifier.
#
#   text-votes.sh                       the small made-up set in examples/data
#   text-votes.sh VOTES PREDICTIONS     your own; of ChaosNLI for instance chaosNLI_snli.jsonl, and
#                                       a table of uid, e, n, c with logits
#
# A line of VOTES has uid, label_counter {"e": 3, "n": 97}, label_count [3, 97, 0], old_label, …
# Results stay in the folder that C10H_EXAMPLE_OUT names, else in a new temporary one.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 2 ] || set -- "$here/data/chaosnli.jsonl" "$here/data/text-classifier.csv"
out=${C10H_EXAMPLE_OUT:-$(mktemp -d)}

# 1. The votes of label_counter, where a class that nobody chose is not named. FILE:label_count
# takes the list instead. The true class is the label that the sentences came with.
c10h labels build "$1" --truth "$1:old_label" --classes e,n,c -o "$out/labels.h5" --force

# 2. Items are matched by uid, whatever their order.
c10h score "$2" --labels "$out/labels.h5" -o "$out/scores.h5" --force

# 3. How noisy such labels would be with the 5 votes that data sets of sentences usually have.
c10h labels noise "$out/labels.h5" --votes 5,20,100
