#!/usr/bin/env bash
# The paper's tables and figures, by one workflow (docs/workflow.md; pip install 'c10h[workflow]').
#
#   reproduce-the-paper.sh                  the profile test: embedded drawings, one epoch, minutes
#   reproduce-the-paper.sh PROFILE [...]    laptop or full, or a folder of your own; what follows
#                                           goes to snakemake, for example -n to see the plan
#
# A second call does nothing where everything is there; a call after a crash goes on.
# Results stay in the folder that C10H_EXAMPLE_OUT names, else in the one that the profile names.
set -euo pipefail

cd "$(dirname "$0")/.."
profile=${1:-test}
[ -d "$profile" ] || profile=examples/paper/profiles/$profile
snakemake --profile "$profile" ${C10H_EXAMPLE_OUT:+--directory "$C10H_EXAMPLE_OUT"} "${@:2}"
