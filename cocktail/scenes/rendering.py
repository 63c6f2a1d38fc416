"""The audio of a scene, from its record.

Talkers and point noise are convolved with the responses of the scene's room, a moving talker with those along its path
(cocktail.rooms.motion); the recordings of diffuse noise are far
sources around the array (cocktail.rooms.fields). The SNR holds exactly between the sum of the talkers' images and the
noise, both over the samples of microphone 1 where speech is active. A talker's level is that of its image's active
speech. All signals then share one scale factor, which brings the loudest sample of the scene to the record's peak, so
that mixture = images.sum(0) + noise to rounding.

Talkers begin together after the lead and the scene lasts as long as the longest (the `max` version of wsj0-2mix):
no word is cut, so that transcripts stay true. In a conversation, each turn begins where the record says.

Degradations change the sum of talkers and noise, at which the SNR holds; what they change counts as noise.

Where a scene is a replay, the talker's place is the loudspeaker's: what it plays was recorded in the same room. A
talker that moves did so before the attacker's microphone, too, and the loudspeaker goes the same way.
"""

from dataclasses import dataclass

import numpy as np

from cocktail import levels
from cocktail.corpora.library import Library
from cocktail.degradations.chain import degraded
from cocktail.errors import CocktailError
from cocktail.rooms import fields, motion
from cocktail.rooms.convolution import convolve, convolve_along
from cocktail.rooms.responses import LATENCY, Responses, responses
from cocktail.rooms.shoebox import Shoebox
from cocktail.scenes.scene import Scene
from cocktail.spoofing.replay import REPLAYS, play


@dataclass(frozen=True)
class Signals:
    """A scene's signals, full scale +-1. K talkers, D microphones, N samples."""

    mixture: np.ndarray
    """(D, N) = images.sum(0) + noise."""
    images: np.ndarray
    """(K, D, N): each talker at every microphone, with its reverberation."""
    noise: np.ndarray
    """(D, N): everything that is no talker, and what degradations changed."""
    early: np.ndarray
    """(K, N): direct sound and first 50 ms at microphone 1."""
    direct: np.ndarray
    """(K, N): direct sound at microphone 1."""
    enrolment: np.ndarray | None = None
    """(N',) another utterance of the first talker, as in the corpus; None where there is none, or no entry needs it."""


def render(scene: Scene, speech: Library, noise: Library, spoofs: Library | None = None) -> Signals:
    """The signals of a scene. Raises CocktailError where an utterance or the noise is silent."""
    room = _room_responses(scene)
    images, early, direct = _talkers(scene, speech, noise, spoofs, room)
    heard = images.sum(axis=0)[0]
    where = levels.active(heard, scene.fs)
    interference = _noise(scene, noise, room, heard, where)
    mixture = images.sum(axis=0) + interference
    if scene.degradations is not None:
        generator = scene.generator("wind")
        mixture = np.stack([degraded(x, scene.degradations, heard, scene.fs, generator) for x in mixture])
        interference = mixture - images.sum(axis=0)
    signals = mixture, images, interference, early, direct
    scale = scene.peak / max(max(x.max(), -x.min()) for x in signals)
    for x in signals:
        x *= scale
    return Signals(*signals)


def _room_responses(scene) -> Responses | None:
    """Responses from every talker and then from the point noise, if there is one; None where there is no room."""
    if scene.room is None:
        return None
    sources = [talker.position for talker in scene.talkers]
    if scene.noise is not None and scene.noise.position is not None:
        sources.append(scene.noise.position)
    room = Shoebox(scene.room.size, scene.room.absorption)
    tails = [scene.generator(f"tail {s}") for s in range(len(sources))]
    return responses(room, np.array(sources), np.array(scene.room.microphones), scene.fs, tails)


def _talkers(scene, speech, noise, spoofs, room):
    """images (K, D, N), early (K, N), direct (K, N), each talker at its level."""
    n_talkers, n_samples = len(scene.talkers), scene.n_samples
    images = np.zeros((n_talkers, len(scene.array), n_samples))
    early, direct = np.zeros((2, n_talkers, n_samples))
    for k, talker in enumerate(scene.talkers):
        library = speech if talker.attack is None or talker.attack in REPLAYS else spoofs
        if talker.kind is not None:
            library = noise
        for start, dry in _said(scene, talker, library):
            begin = start if room is None else max(start - LATENCY, 0)  # responses begin before they are due
            heard = slice(begin - start + LATENCY, n_samples - start + LATENCY)
            if room is None:
                parts = np.broadcast_to(dry, (len(scene.array), len(dry))), dry, dry
            else:
                parts = [convolve(dry, of[k])[..., heard] for of in (room.full, room.early, room.direct)]
            if talker.path:
                *changes, early_change, direct_change = _changes(scene, talker, scene.room.microphones, dry)[:, heard]
                parts = [x + y for x, y in zip(parts, (changes, early_change, direct_change), strict=True)]
            for signal, part in zip((images, early, direct), parts, strict=True):
                signal[k, ..., begin : begin + part.shape[-1]] += part
        level = levels.power(images[k, 0], levels.active(images[k, 0], scene.fs))
        gain = 10 ** (talker.level_db / 20) / np.sqrt(level)
        for signal in (images, early, direct):
            signal[k] *= gain
    return images, early, direct


def _said(scene, talker, library):
    """(first sample, (N',) dry speech) of all that a talker says: its turns, or one signal of the scene's length."""
    if talker.turns:
        for turn in talker.turns:
            yield turn.start, _utterance(scene, turn.utterance, library)[: turn.end - turn.start]
        return
    dry, start = np.zeros(scene.n_samples), round(scene.lead_s * scene.fs)
    samples = _utterance(scene, talker.utterance, library)[: scene.n_samples - start]
    dry[start : start + len(samples)] = samples
    yield 0, dry if scene.replay is None else _replayed(scene, talker, dry)


def _utterance(scene, name, library):
    """(N',) samples of an utterance. Raises CocktailError where it is silent."""
    samples = library.samples(name, scene.fs)
    if not samples.any():
        raise CocktailError(f"scene {scene.id}: the utterance {name!r} is silent; remove it")
    return samples


def _changes(scene, talker, microphones, dry):
    """(D + 2, N'): what a talker's movement adds to its image at `microphones` (D, 3), and to its early and direct
    parts at the first.
    """
    room = Shoebox(scene.room.size, scene.room.absorption)
    along = motion.changes(room, np.array(talker.path), np.array(microphones), scene.fs)
    responses = np.concatenate([along.full, along.early[:, None], along.direct[:, None]], axis=1)
    return convolve_along(dry, responses, motion.hop(scene.fs))


def _replayed(scene, talker, dry):
    """(N,) what a loudspeaker plays of `dry` (N,), recorded by the attacker's microphone in the scene's room."""
    room, place = Shoebox(scene.room.size, scene.room.absorption), [np.array(scene.replay.position)]
    response = responses(room, [np.array(talker.position)], place, scene.fs, [scene.generator("tail attacker")]).full
    heard = slice(LATENCY, LATENCY + len(dry))
    recorded = convolve(dry, response[0, 0])[heard]
    if talker.path:
        recorded = recorded + _changes(scene, talker, place, dry)[0, heard]
    return play(recorded, scene.replay, scene.fs, scene.generator("loudspeaker noise"))


def _noise(scene, library, room, heard, where):
    """(D, N): the noise at the scene's SNR.

    Where a recording is silent while speech is active, later parts of it are tried.
    """
    if scene.noise is None:
        return np.zeros((len(scene.array), scene.n_samples))
    for attempt in range(levels.TRIES):
        noise = _noise_field(scene, library, room, attempt / levels.TRIES)
        during = levels.power(noise[0], where)
        if during > levels.HEARD * levels.power(noise[0]):
            wanted = levels.power(heard, where) / 10 ** (scene.noise.snr_db / 10)
            return noise * np.sqrt(wanted / during)
    names = sorted({excerpt.recording for excerpt in (scene.noise.point, *scene.noise.diffuse) if excerpt})
    raise CocktailError(f"scene {scene.id}: the noise {', '.join(names)} is silent while speech is active; remove it")


def _noise_field(scene, library, room, shift):
    """(D, N) at any level; `shift`: the share of a recording to begin later than drawn."""
    spec, n_samples, n_channels = scene.noise, scene.n_samples, len(scene.array)
    if spec.field == "sensor":
        return scene.generator("sensor noise").standard_normal((n_channels, n_samples))
    total = np.zeros((n_channels, n_samples))
    if spec.diffuse:
        before, generator = fields.preroll(scene.fs), scene.generator("diffuse field")
        parts = [_excerpt(scene, excerpt, library, preroll=before, shift=shift) for excerpt in spec.diffuse]
        recordings = np.stack([_unit(part) for part in parts])
        total += _unit(fields.surround(recordings, np.array(scene.array), scene.fs, generator))
    if spec.point:
        preroll = 0 if room is None else room.full.shape[-1] - 1
        dry = _excerpt(scene, spec.point, library, preroll=preroll, shift=shift)
        point = dry if room is None else convolve(dry, room.full[-1])[:, preroll : preroll + n_samples]
        total += 10 ** ((spec.point_db or 0) / 20) * _unit(np.atleast_2d(point))
    return total


def _excerpt(scene, excerpt, library, *, preroll, shift):
    """(preroll + N,) of a recording, from `preroll` samples before the excerpt's start."""
    recording = library.samples(excerpt.recording, scene.fs)
    start = round(excerpt.start_s * scene.fs + shift * len(recording)) - preroll
    return levels.stretch(recording, start, preroll + scene.n_samples, scene.fs)


def _unit(x):
    """Scaled so that the first channel, or the signal, has power 1; silence is left as it is."""
    first = x if x.ndim == 1 else x[0]
    return x / max(np.sqrt(levels.power(first)), 1e-12)
