#!/usr/bin/env bash
# Training on two nodes, tried on one machine: two network namespaces, a virtual cable between them,
# and torchrun in each as on a node of its own. Its curves are compared with those of one process, a
# node is killed in the middle, and a run on disks that the nodes don't share is refused.
#
#   apt-get install iproute2
#   examples/paper/two-nodes.sh [FOLDER]      as root; three minutes; FOLDER is new, else temporary
#
# On a cluster there is only the torchrun line, started once a node (docs/cluster.md).
set -euo pipefail

address=10.77.7 port=29577
folder=${1:-$(mktemp -d)}
nodes=(c10h-node-0 c10h-node-1)
# A low rate: at a high one any difference of rounding, that of another number of threads too, grows
# a hundredfold each epoch.
train=(train images.h5 --arch resnet_basic_8 --epochs 3 --batch-size 64 --folds 3 --fold 0 --fold 1
  --precision fp32 --device cpu --seed 3 --lr 0.001)

if ! command -v ip >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "two-nodes.sh: needs root, and ip, on Debian from: apt-get install iproute2" >&2
  exit 1
fi

remove() {
  for node in "${nodes[@]}"; do
    ip netns del "$node" 2>/dev/null || true
  done
}

# Two namespaces that see their own loopback and each other, nothing else.
connect() {
  remove
  for node in "${nodes[@]}"; do
    ip netns add "$node"
    ip -n "$node" link set lo up
  done
  ip link add cable netns "${nodes[0]}" type veth peer name cable netns "${nodes[1]}"
  for number in 0 1; do
    ip -n "${nodes[$number]}" addr add "$address.$((number + 1))/24" dev cable
    ip -n "${nodes[$number]}" link set cable up
  done
}

# What one node runs: on_node NUMBER ARGUMENTS…
on_node() {
  local number=$1
  shift
  GLOO_SOCKET_IFNAME=cable OMP_NUM_THREADS=1 ip netns exec "${nodes[$number]}" \
    torchrun --nnodes 2 --node-rank "$number" --nproc-per-node 1 \
    --master-addr "$address.1" --master-port $port -m c10h "$@"
}

# Both nodes until both end; fails if one did.
on_both() {
  on_node 1 "$@" >node-1.out 2>node-1.err &
  local other=$! status=0
  on_node 0 "$@" || status=$?
  wait $other || status=$?
  return $status
}

mkdir -p "$folder"
cd "$folder"
connect
trap remove EXIT
python - <<'END'
import numpy as np

from c10h import h5
from c10h.records import Images

draws = np.random.default_rng(1)
truth = draws.integers(0, 4, 768)
images = draws.integers(0, 96, (768, 16, 16, 3)) + 40 * truth[:, None, None, None]
h5.write(Images(classes=tuple("abcd"), images=images.astype(np.uint8), truth=truth), "images.h5")
END

# How far the curves of two runs are apart: compare RUN RUN LARGEST
compare() {
  python - "$@" <<'END'
import sys

import numpy as np

from c10h import h5
from c10h.files import Source
from c10h.records import History

*names, largest = sys.argv[1:]
one, two = (h5.read(Source.open(f"{name}/history.h5"), History) for name in names)
loss = np.abs(two.loss / one.loss - 1).max()
images = round(448 * np.abs(two.accuracy - one.accuracy).max())  # seven batches of 64 an epoch
print(f"{names[1]} against {names[0]}: an epoch's loss differs by {loss:.1e} of it at most,", end=" ")
print(f"its first choices for {images} of 448 images")
if loss > float(largest) or images > 2:
    sys.exit("two-nodes.sh: the curves differ")
END
}

echo "== one process, and one with two threads"
OMP_NUM_THREADS=1 python -m c10h "${train[@]}" -o one
OMP_NUM_THREADS=2 python -m c10h "${train[@]}" -o threads >/dev/null 2>&1

echo "== two nodes"
on_both "${train[@]}" -o two
if [ -s node-1.out ] || grep -q trained node-1.err; then
  echo "two-nodes.sh: the second node wrote results:" >&2
  cat node-1.out node-1.err >&2
  exit 1
fi
compare one threads 1e-4
compare one two 1e-4

echo "== the second node killed in the middle, then the same command again"
on_both "${train[@]}" -o killed >killed.out 2>killed.err &
job=$!
until [ -f killed/fold-0.pt ]; do sleep 0.1; done
ip netns pids "${nodes[1]}" | xargs kill -9
if wait $job; then
  echo "two-nodes.sh: finished before it was killed" >&2
  exit 1
fi
grep -o 'error: another process.*' killed.err
on_both "${train[@]}" -o killed >/dev/null 2>&1
compare two killed 0
for fold in 0 1; do cmp two/fold-$fold.pt killed/fold-$fold.pt; done

echo "== a second node that does not see the run's folder: refused after a minute"
mkdir -p elsewhere
ln -s ../images.h5 elsewhere/images.h5
(cd elsewhere && on_node 1 "${train[@]}" -o apart >../node-1.out 2>../node-1.err) &
on_node 0 "${train[@]}" -o apart >apart.out 2>apart.err && exit 1
wait $! && exit 1
grep -o 'error: apart: .*' apart.err
echo "== all well"
