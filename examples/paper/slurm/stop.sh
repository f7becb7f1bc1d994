#!/usr/bin/env bash
# Stop the Slurm that start.sh started: its jobs, then its daemons. SLURM_FOLDER as there, which is
# kept; with --delete it goes too.
set -euo pipefail

folder=${SLURM_FOLDER:-/tmp/c10h-slurm}
export SLURM_CONF=$folder/slurm.conf

pid_of() { cat "$folder/$1.pid" 2>/dev/null || true; }

if [ -n "$(pid_of slurmctld)" ] && kill -0 "$(pid_of slurmctld)" 2>/dev/null; then
  scancel --full --user "$(id -un)" 2>/dev/null || true
  for _ in $(seq 40); do
    [ -z "$(squeue -h -t running,completing)" ] && break
    sleep 0.5
  done
fi
for daemon in slurmd slurmctld munged; do
  pid=$(pid_of $daemon)
  if [ -n "$pid" ] && kill "$pid" 2>/dev/null; then
    while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
  fi
done
if [ "${1:-}" = --delete ]; then
  rm -rf "$folder"
fi
