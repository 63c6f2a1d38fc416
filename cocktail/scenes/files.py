"""The two files of a shard of scenes: what methods see, and the truth."""

from collections.abc import Iterable
from pathlib import Path

from cocktail import tables
from cocktail.scenes.rendering import Signals
from cocktail.scenes.scene import Scene


def write_shard(made: Iterable[tuple[Scene, Signals]], *, mixtures: str | Path, references: str | Path) -> None:
    """Write scenes with their signals, as MIXTURES and REFERENCES of cocktail.tables."""
    seen, truth = [], []
    for scene, signals in made:
        seen.append(_mixture_row(scene, signals))
        truth.append(_reference_row(scene, signals))
        del signals  # before those of the next scene are made
    tables.write_rows(references, truth, tables.REFERENCES)
    tables.write_rows(mixtures, seen, tables.MIXTURES)


def _mixture_row(scene, signals):
    enrolment, talk = signals.enrolment, scene.conversation
    return {
        "scene": scene.id,
        "condition": scene.condition,
        "split": scene.split,
        "index": scene.index,
        "fs": scene.fs,
        "channels": len(scene.array),
        "n_sources": len(scene.talkers),
        "array": scene.array,
        "mixture": tables.pack(signals.mixture, scene.fs, f"{scene.id}-mixture"),
        "enrolment": enrolment if enrolment is None else tables.pack(enrolment, scene.fs, f"{scene.id}-enrolment"),
        "position": scene.target_position(),
        "speakers": [talker.speaker for talker in scene.talkers] if scene.speakers == "closed" else None,
        "pieces": talk and {"length_s": talk.piece_s, "overlap_s": talk.piece_overlap_s},
    }


def _reference_row(scene, signals):
    def packed(name, sources):
        return [tables.pack(x, scene.fs, f"{scene.id}-{name}-{k + 1}") for k, x in enumerate(sources)]

    return {
        "scene": scene.id,
        "record": scene.to_json(),
        "reference": scene.reference,
        "label": scene.label,
        "text": [talker.text for talker in scene.talkers],
        "speaker": [talker.speaker for talker in scene.talkers],
        "images": packed("image", signals.images),
        "noise": tables.pack(signals.noise, scene.fs, f"{scene.id}-noise"),
        "early": packed("early", signals.early),
        "direct": packed("direct", signals.direct),
    }
