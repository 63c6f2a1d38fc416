"""Spoofing: speech that claims to be of a speaker who did not say it, and trials of it against bona fide speech.

Logical attacks are made beforehand, into a table of their own (cocktail.spoofing.table), and so are those of attackers:
entries that make spoofs of genuine speech (cocktail.processing.attacker). Replays are made in a scene's room
(cocktail.spoofing.replay). Only names stand here, for whatever checks a condition.
"""

from collections.abc import Iterable

from cocktail.spoofing.replay import REPLAYS

LOGICAL = ("tts", "vocoder", "griffin-lim", "conversion", "tts-klatt", "vocoder-coded", "lpc")
"""Attacks made of isolated speech: cocktail.spoofing.attacks."""

ATTACKS = (*LOGICAL, *REPLAYS)
"""Those that need no entry."""
SPLITS = ("train", "test")
"""That a condition names attacks of."""


def logical_attacks(condition: dict, split: str) -> list[str]:
    """Logical attacks of a condition in a split; none where it has no attacks."""
    return [name for name in recorded_attacks(condition, split) if name in LOGICAL]


def recorded_attacks(condition: dict, split: str) -> list[str]:
    """Attacks of a condition in a split that are made beforehand: all but replays; none where it has no attacks."""
    return [name for name in split_attacks(condition, split) if name not in REPLAYS] if "attacks" in condition else []


def attackers(conditions: Iterable[dict], splits: Iterable[str] = SPLITS) -> list[str]:
    """Entries among the attacks of some conditions."""
    named = (name for condition in conditions for split in splits for name in recorded_attacks(condition, split))
    return [name for name in dict.fromkeys(named) if name not in LOGICAL]


def split_attacks(condition: dict, split: str) -> list[str]:
    """Attacks of a condition in a split; `valid` has those of `train`."""
    return condition["attacks"]["test" if split == "test" else "train"]
