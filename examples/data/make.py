"""Write the made-up judgments, votes, truth and logits that the examples run on.

    python examples/data/make.py

240 items of four classes, of which two pairs are easily confused; 12 annotators an item; two
networks that see the same evidence, one sure of itself and one about as unsure as people. The
judgments sum to the votes once the two annotators who fail their attention checks are left out.
Besides, 30 pairs of sentences with 100 votes each, in the form of ChaosNLI (Nie, Zhou and Bansal
2020), and the logits of a classifier of these.
Everything comes from one seed. Nothing here is data about real people or networks.
"""

import json
from pathlib import Path

import numpy as np

CLASSES = ("cat", "fox", "dog", "wolf")
ITEMS, ANNOTATORS, SEED = 240, 12, 0
# Judgments and attention checks of one annotator, and how many are inattentive.
SESSION, CHECKS, INATTENTIVE = 72, 8, 2
# Entailment, neutral, contradiction; pairs of sentences, and how many people chose for each.
RELATIONS = ("e", "n", "c")
PAIRS, VOTES = 30, 100


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
    write_text_votes(folder, np.random.default_rng(SEED))


def write_text_votes(folder: Path, random: np.random.Generator) -> None:
    """Write votes on pairs of sentences, a record a line, and logits in another order."""
    people = random.dirichlet((0.5, 0.7, 0.4), PAIRS)
    votes = random.multinomial(VOTES, people)
    uids = [f"{number:03d}n" for number in range(PAIRS)]
    lines = []
    for uid, counts, shares in zip(uids, votes, votes / VOTES, strict=True):
        old = [str(label) for label in random.choice(RELATIONS, 5, p=shares)]
        some = shares[shares > 0]
        record = {
            "uid": uid,
            "label_counter": {
                name: int(count) for name, count in zip(RELATIONS, counts, strict=True) if count
            },
            "majority_label": RELATIONS[int(counts.argmax())],
            "label_dist": shares.tolist(),
            "label_count": counts.tolist(),
            "entropy": abs(round(float(-(some * np.log2(some)).sum()), 6)),
            "example": {
                "uid": uid,
                "premise": f"Made-up premise {uid}.",
                "hypothesis": f"Made-up hypothesis {uid}.",
                "source": "made up",
            },
            "old_label": max(RELATIONS, key=old.count),
            "old_labels": old,
        }
        lines.append(json.dumps(record))
    (folder / "chaosnli.jsonl").write_text("\n".join(lines) + "\n")
    logits = 2 * np.log(people + 0.05) + random.normal(0, 0.7, people.shape)
    rows = ["uid," + ",".join(RELATIONS)]
    rows += [
        ",".join([uids[row], *(f"{value:.4f}" for value in logits[row])])
        for row in random.permutation(PAIRS)
    ]
    (folder / "text-classifier.csv").write_text("\n".join(rows) + "\n")


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
