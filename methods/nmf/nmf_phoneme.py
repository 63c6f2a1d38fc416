"""Phoneme-dependent NMF: each frame is explained by the bases of the sound that a recogniser hears there, and noise.

B. Raj, R. Singh and T. Virtanen, "Phoneme-dependent NMF for speech enhancement in monaural mixtures", Interspeech 2011:
bases of each phoneme from aligned speech; the recogniser hears what the last pass made, and the next one uses the bases
of what it heard.

Deviations: the first pass has the bases of all sounds. The recogniser says one sequence of sounds and not a lattice;
sounds are the phones or the characters that it tells apart, and one may be heard a little before and after its time.
Bases of the others start from less and are not left out, as the recogniser may err. Where it hears nothing, the last
pass is the estimate. See cocktail/dsp/nmf/updates.py for the updates.
"""

from dataclasses import dataclass

import numpy as np

from cocktail import stft
from cocktail.dsp.nmf.enhancer import NmfEnhancer
from cocktail.errors import CocktailError
from cocktail.method import finite

UNIT = "unit "
"""Prefix of the names of bases of sounds."""


@dataclass(frozen=True)
class NmfPhoneme(NmfEnhancer):
    """Bases of every sound, and of every kind of noise."""

    paradigm = "annotated-source-model"
    needs = frozenset({"gpu", "recogniser"})
    effort = ("utterances", "frames_fit", "iterations_fit")
    call_only = (*NmfEnhancer.call_only, "rounds", "reach_s", "elsewhere")
    utterances: int = 250
    """Of the train speech, to be aligned."""
    unit_bases: int = 40
    """Of each sound: one is said at many pitches."""
    frames_fit: int = 10000
    """Frames to learn from: of each sound a tenth of that, of each kind of noise a quarter."""
    noise_bases: int = 40
    """Per kind of train noise."""
    rounds: int = 2
    """Passes after the first."""
    reach_s: float = 0.05
    """How long before and after its time a sound may be heard."""
    elsewhere: float = 0.1
    """Where activations of sounds start that were not heard there, relative to the others; 0 leaves them out."""

    def learn(self, data, rng):
        """Bases (F, R) of each sound, and noise (F, R)."""
        from cocktail.dsp.nmf import models

        found = {
            f"{UNIT}{label}": models.learn(V, self.unit_bases, rng, **self.training)
            for label, V in self._sounds(data, rng).items()
        }
        kinds = self.columns(data.noise(), self.frames_fit // 4, rng).values()
        noise = [models.learn(V, self.noise_bases, rng, **self.training) for V in kinds]
        return found | {"noise": np.concatenate(noise, axis=1)}

    def _sounds(self, data, rng):
        """Sound -> frames (F, T) of it, of utterances drawn evenly."""
        from cocktail.dsp.nmf.frames import Reservoir

        n_told = sum(bool(x.text) for x in data.speech())
        chosen = set(rng.permutation(n_told)[: self.utterances])
        told = (x for x in data.speech() if x.text)
        sounds, failure = {}, None
        for recording in (x for i, x in enumerate(told) if i in chosen):
            try:
                units = data.recogniser.align(recording.samples, data.fs, recording.text).units
            except CocktailError as error:  # a word without pronunciation, a recording too short for its text
                failure = error
                continue
            V = self.training_spectrogram(recording)
            times = self._times(V.shape[1], data.fs)
            for unit in units:
                inside = (times >= unit.start_s) & (times < unit.end_s) & self.heard(V)
                if inside.any():
                    sounds.setdefault(unit.label, Reservoir(self.frames_fit // 10, rng)).add(V[:, inside])
        if not sounds:
            why = f": {failure}" if failure else ""
            raise CocktailError(f"no train utterance has a transcript that the recogniser could align{why}")
        return {label: sounds[label].columns() for label in sorted(sounds)}

    def _times(self, n_frames, fs):
        """Centres of frames in seconds, (T,)."""
        return ((np.arange(n_frames) + 1) * self.hop - self.window / 2) / fs

    def batch(self, mixtures, views):
        """mixtures (D, N) -> [(1, N)], one after the other."""
        return [self._enhance(finite(mixture)[0], view)[None] for mixture, view in zip(mixtures, views, strict=True)]

    def _enhance(self, samples, view):
        """(N,) -> (N,)."""
        from cocktail.dsp.nmf import models

        names = sorted(name for name in view.model if name.startswith(UNIT))
        bases = np.concatenate([view.model[name] for name in names], axis=1)
        owner = np.repeat([name.removeprefix(UNIT) for name in names], [view.model[name].shape[1] for name in names])
        Y = stft.stft(samples, self.window, self.hop)
        V = self.mixture_spectrogram(Y)
        options = {"mu": self.sparsity, "divergence": self.divergence, "iterations": self.iterations}
        start, estimate = np.ones((len(owner), V.shape[1]), np.float32), samples
        for i in range(1 + self.rounds):
            if i:
                start = self._heard_there(estimate, owner, V.shape[1], view)
            if start is None:
                break
            ((speech, noise),) = models.supervised(
                [V], bases, view.model["noise"], start=[start], device=view.device, **options
            )
            estimate = stft.istft(speech / (speech + noise) * Y, len(samples), self.window, self.hop)
        return estimate

    def _heard_there(self, samples, owner, n_frames, view):
        """Where activations start, (R, T), the basis r being of the sound `owner[r]`; None where nothing was heard."""
        text = view.recogniser.transcribe(samples, view.fs)
        if not text:
            return None
        try:
            units = view.recogniser.align(samples, view.fs, text).units
        except CocktailError:  # the text does not fit into what is there
            return None
        times, start = self._times(n_frames, view.fs), np.full((len(owner), n_frames), self.elsewhere, np.float32)
        for unit in units:
            near = (times >= unit.start_s - self.reach_s) & (times < unit.end_s + self.reach_s)
            start[np.ix_(owner == unit.label, near)] = 1
        return start
