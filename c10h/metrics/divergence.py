"""Cross-entropies, divergences and differences of entropies, in nats, and total variation."""

from __future__ import annotations

import numpy as np

from c10h.metrics.item_block import Block, Float, x_log_x


def ce_hard(block: Block) -> Float:
    """-log Σ q over the classes that are right, -log q_y for one; from logits by log-softmax."""
    if block.right is None:
        return -block.over_right(block.log_model)
    log_right = np.where(block.right > 0, block.log_model, -np.inf)
    return -block.where_known(np.logaddexp.reduce(log_right, axis=0))


def ce_human(block: Block) -> Float:
    """-Σ p log q, from logits by log-softmax."""
    return np.asarray(-(block.people * block.log_model).sum(axis=0))


def kl(block: Block) -> Float:
    """KL(p || q) = -Σ p log q - H(p)."""
    return block.get(ce_human) - block.people_entropy


def jsd(block: Block) -> Float:
    """Jensen-Shannon divergence H((p + q) / 2) - (H(p) + H(q)) / 2 (Lin 1991, eq. 4.1)."""
    middle = -x_log_x((block.people + block.model) / 2).sum(axis=0)
    return np.asarray(middle - (block.people_entropy + block.model_entropy) / 2)


def tvd(block: Block) -> Float:
    """Total variation distance Σ |q - p| / 2, the most that the two differ on any set of classes.

    DistCE of Baan et al. (EMNLP 2022); 1 - tvd = Σ min(q, p) is the soft accuracy of Kurniawan et
    al. (2025).
    """
    return np.asarray(np.abs(block.model - block.people).sum(axis=0) / 2)


def entropy_gap(block: Block) -> Float:
    """H(q) - H(p), above 0 where the model is less sure than people; EntCE of Baan et al."""
    return block.model_entropy - block.people_entropy


def entropy_error(block: Block) -> Float:
    """|H(q) - H(p)|."""
    return np.abs(block.get(entropy_gap))
