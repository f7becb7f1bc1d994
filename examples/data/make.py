"""Write the made-up votes, truth and logits that the examples run on.

    python examples/data/make.py

240 items of four classes, of which two pairs are easily confused; 12 annotators an item; two
networks that see the same evidence, one sure of itself and one about as unsure as people.
Everything comes from one seed. Nothing here is data about real people or networks.
"""

from pathlib import Path

import numpy as np

CLASSES = ("cat", "fox", "dog", "wolf")
ITEMS, ANNOTATORS, SEED = 240, 12, 0


def main() -> None:
    """Write the five files beside this script."""
    random = np.random.default_rng(SEED)
    truth = random.integers(0, len(CLASSES), ITEMS)
    # Evidence for the true class, for its look-alike, and for the other two.
    evidence = random.normal(0, 0.6, (ITEMS, len(CLASSES)))
    rows = np.arange(ITEMS)
    evidence[rows, truth] += 4.5
    evidence[rows, truth ^ 1] += random.gamma(1.2, 1.6, ITEMS)
    people = np.exp(evidence) / np.exp(evidence).sum(axis=1, keepdims=True)
    counts = random.multinomial(ANNOTATORS, people)
    control = 3 * (evidence + random.normal(0, 1.0, evidence.shape))
    human = evidence + random.normal(0, 0.7, evidence.shape)

    folder = Path(__file__).parent
    header = ",".join(CLASSES)
    np.savetxt(folder / "counts.csv", counts, "%d", ",", header=header, comments="")
    (folder / "truth.csv").write_text("\n".join(CLASSES[k] for k in truth) + "\n")
    for name, logits in (("control", control), ("human", human)):
        np.savetxt(folder / f"{name}.csv", logits, "%.4f", ",", header=header, comments="")


if __name__ == "__main__":
    main()
