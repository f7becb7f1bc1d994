"""Write the made-up judgments, votes, truth and logits that the examples run on.

    python examples/data/make.py

240 items of four classes, of which two pairs are easily confused; 12 annotators an item; two
networks that see the same evidence, one sure of itself and one about as unsure as people. The
judgments sum to the votes once the two annotators who fail their attention checks are left out.
Everything comes from one seed. Nothing here is data about real people or networks.
"""

from pathlib import Path

import numpy as np

CLASSES = ("cat", "fox", "dog", "wolf")
ITEMS, ANNOTATORS, SEED = 240, 12, 0
# Judgments and attention checks of one annotator, and how many are inattentive.
SESSION, CHECKS, INATTENTIVE = 72, 8, 2


def main() -> None:
    """Write the files beside this script."""
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
    lines = ["annotator,item,label,check,correct,rt,true_label"]
    lines += [",".join(map(str, row)) for row in judge(counts, truth, random)]
    (folder / "judgments.csv").write_text("\n".join(lines) + "\n")


def judge(
    counts: np.ndarray, truth: np.ndarray, random: np.random.Generator
) -> list[tuple[str, str, str, int, int | str, int, str]]:
    """Rows of a table of judgments: the votes dealt to annotators, and the inattentive ones'."""
    item, label = np.nonzero(counts)
    item, label = np.repeat(item, counts[item, label]), np.repeat(label, counts[item, label])
    sessions = len(item) // SESSION
    owner = np.arange(len(item)) % sessions
    rows = []
    for number in range(sessions + INATTENTIVE):
        careless = number >= sessions
        mine = np.flatnonzero(owner == number)
        seen = random.choice(ITEMS, SESSION, replace=False) if careless else item[mine]
        said = random.integers(0, len(CLASSES), SESSION) if careless else label[mine]
        name, pace = f"p{number:02d}", 6.2 if careless else 7.0
        for one, choice in zip(seen, said, strict=True):
            time = int(random.lognormal(pace, 0.4))
            words = (f"photo_{one:03d}.jpg", CLASSES[choice], 0, "", time, CLASSES[truth[one]])
            rows.append((name, *words))
        for check in range(CHECKS):
            passed = int(check >= (5 if careless else check_failures(number)))
            time = int(random.lognormal(pace, 0.4))
            rows.append((name, f"check_{check}", "", 1, passed, time, ""))
    return rows


def check_failures(number: int) -> int:
    """How many checks an attentive annotator misses: none or one."""
    return number % 4 == 0


if __name__ == "__main__":
    main()
