#!/usr/bin/env bash
# Commands without files between them: - is stdin or stdout of whatever reads or writes one file.
#
#   pipes-and-containers.sh        the small made-up set in examples/data
#
# C10H_COMMAND may be another way to call c10h, as in a container (the Dockerfile makes the image):
#
#   docker build --target light -t c10h:light .
#   C10H_COMMAND="docker run --rm -i -v $PWD/examples/data:/data:ro c10h:light" \
#     examples/pipes-and-containers.sh
#
# and of a single line, on a GPU and with the data sets of this machine:
#
#   docker run --rm -i --gpus all -v "$PWD:/data" -v "$HOME/.cache/c10h:/cache" c10h \
#     predict runs/human cifar10-test -o - | c10h score - --labels cifar10h
set -euo pipefail

cd "$(dirname "$0")/data"
read -ra c10h <<< "${C10H_COMMAND:-c10h}"

# 1. Votes to labels to a table.
"${c10h[@]}" labels build counts.csv --truth truth.csv -o - |
  "${c10h[@]}" score human.csv --labels - --quiet

# 2. Labels of two networks to where people should be asked. Votes come from a pipe, as text.
tail -n +2 counts.csv | sort | uniq -c | sort -rn | head -n 3
cat counts.csv | "${c10h[@]}" labels plan - --budget 100 --format csv | head -n 4

# 3. One number for a shell: people's cross-entropy with a network, with JSON on stdout.
"${c10h[@]}" score human.csv --labels counts.csv --metrics ce_human --json |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["runs"][0]["metrics"]["ce_human"]["value"])'

# 4. What is in a stream, and how it was made.
"${c10h[@]}" labels build counts.csv --as majority -o - | "${c10h[@]}" show -
