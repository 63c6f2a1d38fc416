"""What a corpus has too little of, in words: one speaker, or a kind of noise or a class that a split lacks."""

from collections import Counter
from collections.abc import Iterable

SPLITS = ("train", "valid", "test")
NEEDED = ("train", "test")
"""Splits that every kind and class should be in; those for validation are held out of `train` where there are none."""


def gaps(rows: Iterable[dict]) -> list[str]:
    """Notes on rows of the SPEECH or NOISE table; none where nothing is amiss."""
    rows = list(rows)
    if rows and "speaker" in rows[0]:
        return list(_lone_speakers(rows))
    labelled = [row for row in rows if row.get("label") not in (None, row.get("kind"))]
    return [*_missing(rows, "kind", "the kind"), *_missing(labelled, "label", "the class")]


def _lone_speakers(rows):
    for split in NEEDED:
        of = Counter(row["speaker"] for row in rows if row["split"] == split)
        if len(of) == 1:
            ((speaker, count),) = of.items()
            yield (
                f"speech: all {count} utterances of the split '{split}' are of one speaker, '{speaker}': "
                "what is found holds for that voice alone"
            )


def _missing(rows, column, what):
    """Values of a column that a split has no recordings of, with how many the others have."""
    counts: dict[str, Counter] = {}
    for row in rows:
        counts.setdefault(row[column], Counter())[row["split"]] += 1
    for split in NEEDED:
        lacking = [value for value in sorted(counts) if not counts[value][split]]
        if lacking and len(lacking) < len(counts):
            numbers = ", ".join(f"{value} ({_numbers(counts[value])})" for value in lacking)
            yield f"noise: no recordings for the split '{split}' of {what} {numbers}"


def _numbers(of):
    return ", ".join(f"{split} {of[split]}" for split in SPLITS if of[split])
