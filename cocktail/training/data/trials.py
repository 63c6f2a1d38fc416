"""Labelled trials for training a detector: rendered scenes of the conditions with attacks, or with labelled sounds."""

from collections.abc import Iterator

from cocktail.corpora.library import Library
from cocktail.method import Recording
from cocktail.scenes.conditions import is_labelled
from cocktail.scenes.drawing import draw
from cocktail.scenes.rendering import render
from cocktail.spoofing.names import recorded_attacks

HELD_OUT_FROM = 1_000_000
"""Where a corpus has no `valid` split for a condition, validation has the train split's scenes from this one on."""


def trials(
    conditions: dict[str, dict],
    split: str,
    n: int,
    *,
    seed: int,
    fs: int,
    speech: Library,
    noise: Library,
    spoofs: Library | None,
) -> Iterator[Recording]:
    """The first `n` trials of `train` or `valid` at microphone 1; conditions {name: definition} take turns."""
    chosen = [(name, condition) for name, condition in sorted(conditions.items()) if is_labelled(condition)]
    libraries = {"speech": speech, "noise": noise, "spoofs": spoofs}
    for number in range(n if chosen else 0):
        name, condition = chosen[number % len(chosen)]
        index, source = number // len(chosen), split
        if not _has(condition, split, **libraries):
            index, source = index + HELD_OUT_FROM, "train"
        scene = draw(condition, name=name, split=source, index=index, seed=seed, fs=fs, **libraries)
        talker = scene.talkers[0]
        mixture = render(scene, **libraries).mixture[0]
        yield Recording(mixture, "speech", talker.speaker, talker.text, scene.class_label)


def _has(condition, split, *, speech, noise, spoofs) -> bool:
    """Whether the corpora have what a condition needs of a split."""
    attacks, kinds = recorded_attacks(condition, split), condition.get("noise", {}).get("kinds")
    sounds = condition.get("sounds")
    wanted = noise.select(split=split, kind=sounds["kinds"]) if sounds else speech.select(split=split)
    return bool(
        wanted
        and (not kinds or noise.select(split=split, kind=kinds))
        and (not attacks or (spoofs is not None and spoofs.select(split=split, attack=attacks)))
    )
