"""Spoofing: speech that claims to be of a speaker who did not say it, and trials of it against bona fide speech.

Logical attacks are made beforehand, into a table of their own (cocktail.spoofing.table); replays are made in a scene's
room (cocktail.spoofing.replay). Only names stand here, for whatever checks a condition.
"""

from cocktail.spoofing.replay import REPLAYS

LOGICAL = ("tts", "vocoder", "griffin-lim", "conversion", "tts-klatt", "vocoder-coded", "lpc")
"""Attacks made of isolated speech: cocktail.spoofing.attacks."""

ATTACKS = (*LOGICAL, *REPLAYS)


def logical_attacks(condition: dict, split: str) -> list[str]:
    """Logical attacks of a condition in a split; none where it has no attacks."""
    return [name for name in split_attacks(condition, split) if name in LOGICAL] if "attacks" in condition else []


def split_attacks(condition: dict, split: str) -> list[str]:
    """Attacks of a condition in a split; `valid` has those of `train`."""
    return condition["attacks"]["test" if split == "test" else "train"]
