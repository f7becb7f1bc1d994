#!/usr/bin/env bash
# Is a network robust, or does it only look robust?
#
#   robustness.sh                       the embedded drawings and a tiny network, in a minute
#   robustness.sh IMAGES LABELS RUN     your own, RUN being a folder that c10h train made
#
# LIMIT (of images to attack) and HEALTH (of images for the health checks) may be set.
# Results stay in the folder that C10H_EXAMPLE_OUT names, else in a new temporary one.
set -euo pipefail

out=${C10H_EXAMPLE_OUT:-$(mktemp -d)}
limit=${LIMIT:-40} health=${HEALTH:-10}
if [ $# -lt 3 ]; then
  set -- synthetic-far synthetic-far "$out/run"
  c10h train "$1" --arch resnet_basic_8 --folds 2 --epochs 2 --batch-size 32 --schedule onecycle \
    --target hard -o "$3"
fi

# 1. Along the gradient, within two budgets. The health checks examine the attack itself: is the
# gradient there, does it point anywhere, is it enough steps, what is left at equal scale?
c10h attack "$3" "$1" --labels "$2" --limit "$limit" --health "$health" \
  --method pgd --steps 10 --epsilon 2/255 --epsilon 8/255 -o "$out/pgd.h5" --skip-existing

# 2. Without any gradient. Where this does more than 1, the gradient is hidden, not the weakness.
c10h attack "$3" "$1" --labels "$2" --limit "$limit" --health "$health" \
  --method square --steps 50 --epsilon 2/255 --epsilon 8/255 -o "$out/square.h5" --skip-existing

# 3. Both side by side, what is right under both of them, and whether they can be believed.
c10h report pgd="$out/pgd.h5" square="$out/square.h5" --baseline pgd

# 4. How human its answers are before the attack and after it.
c10h score "$out/pgd.h5" --labels "$2" --resamples 200
