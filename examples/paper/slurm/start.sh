#!/usr/bin/env bash
# A real Slurm of one machine, for trying a workflow: munged, slurmctld and slurmd, without systemd
# and without accounting. Its configuration, keys, logs and state are in a folder of its own.
#
#   apt-get install slurm-wlm munge           Debian 12's packages: Slurm 22.05
#   eval "$(examples/paper/slurm/start.sh)"   then sinfo, sbatch, squeue, snakemake --executor slurm
#   examples/paper/slurm/stop.sh
#
# SLURM_FOLDER is the folder, /tmp/c10h-slurm if unset. SLURM_CPUS and SLURM_MEMORY_MB are what the
# node offers, by default what the machine has. Started again, it starts what does not run.
# stdout: what the shell needs to reach it. Messages go to stderr.
set -euo pipefail

folder=${SLURM_FOLDER:-/tmp/c10h-slurm}
cpus=${SLURM_CPUS:-$(nproc)}
memory=${SLURM_MEMORY_MB:-$(($(awk '/^MemTotal/ {print $2}' /proc/meminfo) * 9 / 10 / 1024))}
node=$(hostname -s)
user=$(id -un)
export SLURM_CONF=$folder/slurm.conf
export PATH=${PATH//$folder\/bin:/}:/usr/sbin

for command in munged slurmctld slurmd sinfo; do
  if ! command -v "$command" >/dev/null; then
    echo "$command: not installed; on Debian: apt-get install slurm-wlm munge" >&2
    exit 1
  fi
done

# Whether the process of a daemon's file of its number runs.
runs() { [ -s "$folder/$1.pid" ] && kill -0 "$(cat "$folder/$1.pid")" 2>/dev/null; }

# Wait half a minute for a command to succeed; else show a log and give up.
await() {
  local log=$1
  shift
  for _ in $(seq 60); do
    timeout 5 "$@" >/dev/null 2>&1 && return
    sleep 0.5
  done
  give_up "$log" "gave up waiting for: $*"
}

# give_up LOG MESSAGE
give_up() {
  echo "$2; the end of $1:" >&2
  tail -n 20 "$1" >&2
  exit 1
}

configure() {
  cat >"$SLURM_CONF" <<END
ClusterName=c10h
SlurmctldHost=$node(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
# The kernel's list of processes tells which are a job's: no cgroups, which containers often lack.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
SlurmctldPort=${SLURM_CONTROLLER_PORT:-16817}
SlurmdPort=${SLURM_NODE_PORT:-16818}
MailProg=/bin/true
MpiDefault=none
# A node that comes back, or that was down as the daemons started, takes jobs again by itself.
ReturnToService=2
# squeue tells how a job ended for so many seconds; without accounting nothing else does.
MinJobAge=3600
KillWait=5
SchedulerParameters=sched_interval=5,bf_interval=5
NodeName=$node NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=batch Nodes=ALL Default=YES DefMemPerCPU=$((memory / cpus)) MaxTime=INFINITE State=UP
END
  printf 'CgroupPlugin=%s\n' "$(cgroup_plugin)" >"$folder/cgroup.conf"
  if [ ! -s "$folder/munge.key" ]; then
    (umask 077 && head -c 128 /dev/urandom >"$folder/munge.key")
  fi
  # Snakemake's plugin takes SLURM_CONF away from the srun that it calls in a job.
  printf '#!/bin/sh\nSLURM_CONF=%q exec %q "$@"\n' "$SLURM_CONF" "$(command -v srun)" >"$folder/bin/srun"
  chmod +x "$folder/bin/srun"
}

# Slurm 23.11 and later can do without cgroups altogether; earlier ones look for them in jobs alone.
cgroup_plugin() {
  case $(slurmctld -V) in
    *\ 2[012].* | *\ 23.02.*) echo autodetect ;;
    *) echo disabled ;;
  esac
}

mkdir -p "$folder/state" "$folder/spool" "$folder/bin"
chmod 755 "$folder"
if ! runs slurmctld; then
  configure
fi
# --force: the folder may lie below one that others can write, as /tmp.
runs munged || munged --force --key-file "$folder/munge.key" --socket "$folder/munge.socket" \
  --pid-file "$folder/munged.pid" --log-file "$folder/munged.log" --seed-file "$folder/munged.seed"
await "$folder/munged.log" munge --socket "$folder/munge.socket" --no-input
runs slurmctld || slurmctld || give_up "$folder/slurmctld.log" "slurmctld does not start"
await "$folder/slurmctld.log" scontrol ping
runs slurmd || slurmd || give_up "$folder/slurmd.log" "slurmd does not start"
await "$folder/slurmd.log" sh -c "sinfo -h -N -o %T | grep -Eq 'idle|mixed|allocated|drain'"
sinfo -N -o '%N %c CPUs %m MB %T' >&2
printf 'export SLURM_CONF=%q PATH=%q:"$PATH"\n' "$SLURM_CONF" "$folder/bin"
