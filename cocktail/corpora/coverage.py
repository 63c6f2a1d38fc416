"""What a corpus has too little of, in words: one speaker, a kind of noise or a class that a split lacks, or a band."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from cocktail import audio
from cocktail.errors import CocktailError

SPLITS = ("train", "valid", "test")
NEEDED = ("train", "test")
"""Splits that every kind and class should be in; those for validation are held out of `train` where there are none."""
NARROW = 0.8
"""A recording that holds less than this share of the band of the scenes is said to be narrow."""
TELEPHONE_HZ = 4500
"""What ends below this is heard as well at 8 kHz."""
LOOKED_AT = 200
"""Recordings of a part whose rate is looked at before a run."""


def gaps(rows: Iterable[dict]) -> list[str]:
    """Notes on rows of the SPEECH or NOISE table; none where nothing is amiss."""
    rows = list(rows)
    if rows and "speaker" in rows[0]:
        return list(_lone_speakers(rows))
    labelled = [row for row in rows if row.get("label") not in (None, row.get("kind"))]
    return [*_missing(rows, "kind", "the kind"), *_missing(labelled, "label", "the class")]


def narrow(rows: Iterable[dict], fs: int) -> list[str]:
    """A note on rows of the SPEECH or NOISE table that leave an upper part of the band of scenes at `fs` Hz empty."""
    rows = list(rows)
    low = [row for row in rows if (row.get("cutoff_hz") or fs) < NARROW * fs / 2]
    if not low:
        return []
    kind, of = ("speech", "utterances") if "speaker" in rows[0] else ("noise", "recordings")
    splits = ", ".join(f"{split} {count}" for split, count in Counter(row["split"] for row in low).items())
    return [_narrow(f"{kind}: {len(low)} of {len(rows)} {of} ({splits})", [row["cutoff_hz"] for row in low], fs)]


def low_rates(files: Sequence[Path], fs: int) -> str | None:
    """A note on recordings whose own rate is lower than that of scenes at `fs` Hz: LOOKED_AT of them are looked at."""
    looked_at = files[:: math.ceil(len(files) / LOOKED_AT) or 1]
    halves = [rate / 2 for rate in map(_rate, looked_at) if rate is not None and rate < NARROW * fs]
    return _narrow(f"{len(halves)} of {len(looked_at)} recordings looked at", halves, fs) if halves else None


def _rate(path):
    """In Hz; None where the file cannot be read, which is said when the tables are made."""
    try:
        with audio.Reader(path) as file:
            return file.fs
    except (CocktailError, OSError):
        return None


def _narrow(which, ends_hz, fs):
    low, high = round(min(ends_hz)), round(max(ends_hz))
    band = f"{low} Hz" if low == high else f"{low} to {high} Hz"
    remedy = "; `fs: 8000` in the suite takes scenes of what is there" if high < TELEPHONE_HZ < fs / 2 else ""
    return (
        f"{which} hold nothing above {band}, and scenes have {fs} Hz: methods learn from an empty band, and wide-band "
        f"metrics such as pesq_wb judge one{remedy}"
    )


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
