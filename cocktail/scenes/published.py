"""Scenes that a corpus's publisher mixed: noisy and clean pairs, or talkers and their sum, as they are.

A condition says `given: true`. Its scenes are then the mixtures that the suite's tables hold: the utterances X#1, X#2
and so on (of one talker: X) and, where the condition has `noise`, the recording of noise X add up to the mixture X.
Nothing is drawn but their order, by a hash of their names: the first n are a fair sample, and as many scenes as there
are mixtures are the publisher's whole set. The record says what was measured in them. All else in the definition is for
training, which mixes the corpus's isolated signals anew.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from cocktail import levels
from cocktail.corpora.layout import OF_MIXTURE
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError
from cocktail.rng import rng, shuffled
from cocktail.runtime.accounting import work
from cocktail.scenes.enrolment import draw_enrolment
from cocktail.scenes.rendering import Signals
from cocktail.scenes.scene import Noise, Scene, Talker


def mixtures(speech: Library, noise: Library, split: str, n_talkers: int, noisy: bool, seed: int) -> list[str]:
    """Names of the publisher's mixtures in a split, in the order in which scenes take them."""
    talkers: dict[str, set[str]] = {}
    for row in speech.select(split=split):
        mixture, _, talker = row["utterance"].rpartition(OF_MIXTURE)
        talkers.setdefault(mixture or row["utterance"], set()).add(talker if mixture else "1")
    wanted = {str(k + 1) for k in range(n_talkers)}
    recordings = {row["recording"] for row in noise.select(split=split)}
    complete = [name for name, said in talkers.items() if said == wanted and (name in recordings or not noisy)]
    return shuffled(complete, seed)


def scenes(
    indices: Iterable[int], *, name: str, definition: dict, split: str, seed: int, fs: int, speech, noise, spoofs=None
) -> Iterator[tuple[Scene, Signals]]:
    """The scenes `indices` of a given condition. Raises CocktailError where the corpora hold fewer mixtures."""
    names = mixtures(speech, noise, split, definition["talkers"], "noise" in definition, seed)
    for index in indices:
        if index >= len(names):
            raise CocktailError(
                f"{name}: the corpora hold {len(names)} mixtures of the split {split}, and scene {index} is "
                f"wanted: `scenes: {len(names)}` takes all of them"
            )
        with work():
            made = read(names[index], definition, name=name, split=split, index=index, seed=seed, fs=fs,
                         speech=speech, noise=noise)  # fmt: skip
        yield made


def read(
    mixture: str, definition: dict, *, name: str, split: str, index: int, seed: int, fs: int, speech, noise
) -> tuple[Scene, Signals]:
    """The scene and the signals of one of the publisher's mixtures, in his levels, at `fs` Hz."""
    n_talkers, noisy = definition["talkers"], "noise" in definition
    utterances = [mixture] if n_talkers == 1 else [f"{mixture}{OF_MIXTURE}{k + 1}" for k in range(n_talkers)]
    rows = [speech[utterance] for utterance in utterances]
    parts = [speech.samples(utterance, fs) for utterance in utterances]
    parts += [noise.samples(mixture, fs)] if noisy else []
    n_samples = max(map(len, parts))
    parts = np.stack([np.pad(part, (0, n_samples - len(part))) for part in parts])
    dry, rest = parts[:n_talkers], parts[n_talkers:].sum(axis=0)
    for utterance, x in zip(utterances, dry, strict=True):
        if not x.any():
            raise CocktailError(f"{name}: the utterance {utterance!r} is silent; remove it")
    enrolment = draw_enrolment(rng(seed, name, split, index, role="enrolment"), rows[0], speech)
    voice = None if enrolment is None else speech.samples(enrolment, fs)
    signals = Signals(dry.sum(axis=0)[None] + rest, dry[:, None], rest[None], dry.copy(), dry.copy(), voice)
    scene = Scene.of(
        definition,
        name=name,
        split=split,
        index=index,
        seed=seed,
        fs=fs,
        n_samples=n_samples,
        lead_s=0.0,
        peak=float(max(np.abs(x).max() for x in (signals.mixture, signals.images, signals.noise))),
        talkers=tuple(
            Talker(row["utterance"], row["speaker"], row["gender"], row["text"], _level_db(x, fs), None)
            for row, x in zip(rows, dry, strict=True)
        ),
        room=None,
        noise=_noise(noise[mixture]["kind"], dry.sum(axis=0), rest, fs) if noisy else None,
        enrolment=enrolment,
    )
    return scene, signals


def _level_db(x, fs):
    return float(10 * np.log10(levels.power(x, levels.active(x, fs))))


def _noise(kind, heard, noise, fs):
    """The record of the noise: its SNR is measured where speech is active, as in scenes that are drawn."""
    where = levels.active(heard, fs)
    snr_db = 10 * np.log10(levels.power(heard, where) / max(levels.power(noise, where), 1e-12))
    return Noise(kind, "given", float(snr_db), None, None, (), None)
