"""Cross-entropies and divergences, in nats."""

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
