#!/usr/bin/env bash
# Does training on people's uncertainty help? From pictures to scores, attacks and a report.
#
#   hard-or-human.sh                          the embedded set and a tiny network, in a minute or two
#   hard-or-human.sh TRAIN TEST LABELS        your own, for CIFAR-10 and CIFAR-10H for instance
#       cifar10-train cifar10-test cifar10h   (c10h data fetch cifar10 cifar10h)
#
# A network is pre-trained on TRAIN where there is one, and then trained by folds on TEST, once on
# true classes and once on LABELS. ARCH, FOLDS, EPOCHS and LIMIT (of images to attack) may be set.
# Results stay in the folder that C10H_EXAMPLE_OUT names, else in a new temporary one.
set -euo pipefail

out=${C10H_EXAMPLE_OUT:-$(mktemp -d)}
mkdir -p "$out"
if [ $# -ge 3 ]; then
  arch=${ARCH:-airbench94} folds=${FOLDS:-10} epochs=${EPOCHS:-8} limit=${LIMIT:-1000}
  # 1. A strong network from other pictures, by its authors' recipe.
  c10h train "$1" --arch "$arch" -o "$out/pretrained"
  images=$2 labels=$3 begin=(--init "$out/pretrained" --lr 0.02)
else
  arch=${ARCH:-resnet_basic_8} folds=${FOLDS:-2} epochs=${EPOCHS:-2} limit=${LIMIT:-50}
  images=synthetic labels=$out/labels.h5 begin=()
  c10h labels build synthetic -o "$labels" --force
fi

for target in hard soft; do
  # 2. Each fold is held out once. The same command resumes after an interruption.
  c10h train "$images" "$labels" --arch "$arch" ${begin[@]+"${begin[@]}"} --folds "$folds" \
    --recipe hysts --schedule cosine --epochs "$epochs" --target "$target" -o "$out/$target"
  # 3. What it says of the pictures that it did not see, and how small a change misleads it.
  c10h predict "$out/$target" "$images" -o "$out/$target.h5" --force
  c10h attack "$out/$target" "$images" --labels "$labels" --limit "$limit" --health 20 \
    --epsilon 4/255 --epsilon 8/255 -o "$out/$target-attacked.h5" --force
done

# 4. How human are they, and what of a difference is certain?
c10h score hard="$out/hard.h5" human="$out/soft.h5" --labels "$labels" -o "$out/scores.h5" --force
c10h report "$out/scores.h5" --baseline hard
c10h report hard="$out/hard-attacked.h5" human="$out/soft-attacked.h5" --baseline hard
