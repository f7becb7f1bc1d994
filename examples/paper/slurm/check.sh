#!/usr/bin/env bash
# The workflow's profile `test` on a real Slurm, disturbed: one job is cancelled in the middle, the
# training of another gets SIGKILL, the node is drained and resumed. The results have to be the same
# bytes as those of a run without Slurm.
#
#   examples/paper/slurm/check.sh [TARGET…]   from the repository's folder; apt-get install slurm-wlm
#                                             munge, pip install 'c10h[workflow]'
#
# Without targets everything is made, twice: the better part of an hour on two cores.
# C10H_CHECK is the folder of both runs, new or a temporary one; if it has a run without Slurm
# (local), that one is compared with.
set -euo pipefail

here=$(dirname "$0")
profiles=$here/../profiles
folder=$(realpath -m "${C10H_CHECK:-$(mktemp -d)}")
node=$(hostname -s)
export SLURM_FOLDER=$folder/slurm
# Two jobs at a time, so that some wait while others run.
export SLURM_CPUS=2
mkdir -p "$folder"

say() { echo "$(date +%T) $*"; }

fail() {
  say "failed: $*"
  tail -n 20 "$folder/slurm.log"
  exit 1
}

# The number of a running job of the rule `fold` that trains, other than those given.
training_job() {
  local job rest
  while read -r job rest; do
    [[ " $* " == *" $job "* || $rest != rule_fold* ]] && continue
    [ -n "$(training_process "$job")" ] && echo "$job" && return
  done < <(squeue -h -t running -o '%A %k')
}

# The process of `c10h train` of a job, once it has told in its log what it trains.
training_process() {
  local pid
  for pid in $(scontrol listpids "$1" 2>/dev/null | awk 'NR > 1 && $1 > 0 {print $1}'); do
    { tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null |
      grep -q '^[^ ]*python[^ ]* [^ ]*c10h train' &&
      grep -qs ' parameters; ' "/proc/$pid/fd/1" && echo "$pid"
  done | head -n 1
}

# Wait for a job that trains.
await_training() {
  local job=
  while [ -z "$job" ]; do
    kill -0 "$workflow" 2>/dev/null || fail "the workflow ended before it was disturbed"
    sleep 0.2
    job=$(training_job "$@") || true
  done
  echo "$job"
}

if [ ! -d "$folder/local" ]; then
  say "the profile test without Slurm"
  snakemake --profile "$profiles/test" --directory "$folder/local" "$@" >"$folder/local.log" 2>&1 ||
    { tail -n 20 "$folder/local.log"; exit 1; }
fi

eval "$("$here/start.sh")"
workflow=
trap 'if [ -n "$workflow" ]; then kill "$workflow" 2>/dev/null || true; fi; "$here/stop.sh"' EXIT
say "the profile test-slurm"
snakemake --profile "$profiles/test-slurm" --directory "$folder/on-slurm" \
  --slurm-keep-successful-logs "$@" >"$folder/slurm.log" 2>&1 &
workflow=$!

first=$(await_training)
scancel "$first"
say "job $first: cancelled while it trained"

second=$(await_training "$first")
kill -KILL "$(training_process "$second")"
say "job $second: its training killed with SIGKILL"

await_training "$first" "$second" >/dev/null
scontrol update nodename="$node" state=drain reason=check
say "the node is drained: $(sinfo -h -o %T), $(squeue -h -t running | wc -l) jobs run on"
until [ "$(sinfo -h -o %T)" = drained ]; do sleep 0.5; done
until [ -n "$(squeue -h -t pending)" ]; do
  kill -0 "$workflow" 2>/dev/null || fail "the workflow ended on a drained node"
  sleep 0.5
done
sleep 5
waiting=$(squeue -h -t pending | wc -l)
[ -z "$(squeue -h -t running)" ] || fail "a job runs on a drained node"
say "the node is drained: $(sinfo -h -o %T), $waiting jobs wait"
scontrol update nodename="$node" state=resume
say "the node is resumed: $(sinfo -h -o %T)"

wait "$workflow" || fail "the workflow"
say "job $first ended as $(squeue -h --states=all -j "$first" -o %T)"
# A job runs Snakemake for its rule, which starts what failed again by itself.
grep -q 'Error in rule fold' "$folder"/on-slurm/.snakemake/slurm_logs/rule_fold/*/"$second.log" ||
  fail "job $second took no notice of SIGKILL"
say "job $second ended as $(squeue -h --states=all -j "$second" -o %T)"
say "jobs of Slurm by how they ended: $(squeue -h --states=all -o %T | sort | uniq -c | xargs)"
grep -Eo 'of [0-9]+ steps \(100%\) done' "$folder/slurm.log" | tail -n 1

compared=0
while read -r file; do
  cmp "$folder/local/$file" "$folder/on-slurm/$file" || fail "$file is another one without Slurm"
  compared=$((compared + 1))
done < <(cd "$folder/local" && find data labels runs predictions scores attacks report -type f 2>/dev/null)
[ $compared -gt 0 ] || fail "nothing to compare"
say "all $compared files are the same bytes as without Slurm"
