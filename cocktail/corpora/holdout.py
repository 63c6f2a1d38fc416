"""Which speech of a corpus is held out of its `train` split: speakers for validation, utterances for closed sets.

A condition with `speakers: closed` tests on speakers that are known from training. In a suite that has one, a share of
the utterances of the train speakers leaves the split `train` for the split CLOSED of the suite's table of speech, so
that neither a training nor a scene of the train split sees them.
"""

import hashlib
from collections.abc import Iterable

CLOSED = "closed"
"""Split of the utterances of train speakers that only test scenes of closed conditions are drawn from."""
CLOSED_SHARE = 0.1
"""Share of the train speakers' utterances in the split CLOSED."""
SPEAKERS_HELD_OUT = 10
"""Where a corpus has no `valid` split, one train speaker in so many is held out for validation."""


def validation_speakers(train: Iterable[str]) -> list[str]:
    """Speakers of `train` to validate with where the corpus has no `valid` split: every tenth, or the last of fewer."""
    names = sorted(train)
    return names[SPEAKERS_HELD_OUT - 1 :: SPEAKERS_HELD_OUT] or names[1:][-1:]


def closed_test(utterance: str) -> bool:
    """Whether an utterance of a train speaker is kept for closed test scenes; depends on its name alone."""
    digest = hashlib.blake2b(utterance.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") < CLOSED_SHARE * 2**64


def close(rows: list[dict]) -> list[dict]:
    """Rows of a table of speech with the split CLOSED in place of `train` where `closed_test` says so.

    Speakers that trainings hold out for validation keep their split: they are not known from training.
    """
    unknown = set()
    if all(row["split"] != "valid" for row in rows):
        unknown = set(validation_speakers({row["speaker"] for row in rows if row["split"] == "train"}))

    def closed(row):
        return row["split"] == "train" and row["speaker"] not in unknown and closed_test(row["utterance"])

    return [row | {"split": CLOSED} if closed(row) else row for row in rows]
