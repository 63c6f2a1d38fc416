"""Another utterance of a scene's first talker, for methods that are told whom to listen to."""

from collections.abc import Collection

import numpy as np

from cocktail.corpora.holdout import CLOSED
from cocktail.corpora.library import Library


def draw_enrolment(
    generator: np.random.Generator, row: dict, speech: Library, said: Collection[str] = ()
) -> str | None:
    """Another utterance of the speaker of `row`, of the same split and none of those `said`; None where there is none.

    Of a speaker of a closed set it is one that is known from training.
    """
    split = "train" if row["split"] == CLOSED else row["split"]
    same = speech.select(split=split, speaker=row["speaker"])
    others = [other["utterance"] for other in same if other["utterance"] not in {row["utterance"], *said}]
    return others[generator.integers(len(others))] if others else None
