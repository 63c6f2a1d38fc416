"""Factorial hidden Markov models of known talkers: in every bin the loudest is heard, and each says a sentence.

S. J. Rennie, J. R. Hershey and P. A. Olsen, "Single-channel multitalker speech recognition", IEEE Signal Processing
Magazine 27(6), 2010; J. R. Hershey, S. J. Rennie, P. A. Olsen and T. T. Kristjansson, "Super-human multi-talker speech
recognition: A graphical modeling approach", Computer Speech and Language 24(1), 2010. A talker is a Gaussian mixture of
log spectra, of which each state of a phone uses some; sentences have the grammar of the training transcripts. Two
talkers are inferred exactly, over all pairs of states; more, or two if `inference` says so, by variational EM between
masks and states (cocktail/dsp/statistical/factorial.py). A talker's estimate is the mixture under the posterior of its
mask.

Deviations: phones' states share the Gaussians of their talker, where the papers' words have states of their own: there
are 40 seconds of each talker here. Levels are chosen among `levels_db` by the variational bound, and not estimated. A
bin's mean and variance are those of training frames, with `spread` added for what the max leaves out. Recordings longer
than `segment_s` are cut, and their parts explained one by one.
"""

import itertools
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail.errors import CocktailError
from cocktail.method import LearnedMethod, finite, require_rate
from cocktail.stft import framing, istft, stft

FLOOR = 1e-6
"""Added to powers, relative to their mean over the recording: -60 dB."""
CEPSTRA, MEL_BANDS = 13, 26
"""Of the features for alignment."""
ALIGNMENTS = 8
"""Iterations of Viterbi training."""
PRIOR_FRAMES = 1.0
"""A state's use of Gaussians starts as if so many frames had used them as often as the talker does on average."""


@dataclass(frozen=True)
class Talkers:
    """Models of all talkers that are known."""

    gaussians: dict
    """Talker -> (means (C, F), variances (C, F), use (states of the lexicon, C)) of log powers, mean power 1."""
    graph: object
    """cocktail.dsp.statistical.sentences.Graph."""
    fs: int


@dataclass(frozen=True)
class FhmmMax(LearnedMethod):
    """K known talkers, one channel (microphone 1)."""

    task = "separate"
    paradigm = "annotated-source-model"
    needs = frozenset({"n_sources", "speakers"})
    effort = ("components", "iterations_fit")
    components: int = 256
    """Gaussians of each talker."""
    iterations_fit: int = 12
    inference: Literal["exact", "variational"] = "exact"
    """Of two talkers."""
    beliefs: int = 10
    """Rounds of belief propagation before variational EM."""
    iterations: int = 6
    """Of variational EM."""
    levels_db: tuple[float, ...] = (0.0,)
    """Of one talker relative to all others, whichever talker that is."""
    spread: float = 0.3
    """Added to the variance of every bin, in squared nepers of power."""
    segment_s: float = 4.0

    def fit(self, data, rng, folder):
        """Align the recordings with their transcripts, then learn each talker; leave talkers.npz."""
        from cocktail.dsp.statistical import gmm, sentences

        recordings = [r for r in data.speech() if r.text and r.speaker]
        texts = [r.text.split() for r in recordings]
        if len({len(words) for words in texts}) != 1:
            raise CocktailError("the transcripts must be sentences of one form, as those of GRID are")
        slots = [sorted(set(words)) for words in zip(*texts, strict=True)]
        lexicon = _lexicon(slots)
        powers = [np.abs(stft(r.samples, *framing(data.fs))) ** 2 for r in recordings]
        rows = [lexicon.states(r.text) for r in recordings]
        paths = sentences.align([_cepstra(V, data.fs) for V in powers], rows, lexicon.n_states, ALIGNMENTS)
        stays = 1 - sum(np.bincount(row, minlength=lexicon.n_states) for row in rows) / np.maximum(
            np.bincount(np.concatenate(paths), minlength=lexicon.n_states), 1
        )
        arrays = {"slots": np.array([" ".join(slot) for slot in slots]), "stay": np.clip(stays, 0.3, 0.99)}
        for name in sorted({r.speaker for r in recordings}):
            own = [i for i, r in enumerate(recordings) if r.speaker == name]
            X = np.concatenate([_log_power(powers[i]) for i in own], axis=1)
            path = np.concatenate([paths[i] for i in own])
            mixture, _ = gmm.learn(X, min(self.components, X.shape[1] // 4), self.iterations_fit, rng)
            use = _use(mixture, X, path, lexicon.n_states)
            arrays |= {f"means {name}": mixture.means, f"variances {name}": mixture.variances, f"use {name}": use}
        np.savez(folder / "talkers.npz", fs=data.fs, **arrays)

    def load(self, folder):
        """Talkers."""
        from cocktail.dsp.statistical import sentences

        with np.load(folder / "talkers.npz", allow_pickle=False) as saved:
            slots = [row.split() for row in saved["slots"]]
            lexicon = _lexicon(slots)
            names = [key.removeprefix("means ") for key in saved if key.startswith("means ")]
            gaussians = {n: tuple(saved[f"{part} {n}"] for part in ("means", "variances", "use")) for n in names}
            return Talkers(gaussians, sentences.graph(slots, lexicon, saved["stay"]), int(saved["fs"]))

    def size(self, model):
        """Means, variances and uses of all talkers."""
        return sum(x.size for parts in model.gaussians.values() for x in parts)

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N), in the order of `view.speakers`."""
        samples = finite(mixture)[0]
        size, hop = framing(view.fs)
        Y = stft(samples, size, hop)
        masks = np.concatenate([inferred.masks for inferred in self.infer(Y, view)], axis=-1)
        return istft(masks * Y, len(samples), size, hop)

    def sentences(self, mixture, view) -> list[str]:
        """What each of the K talkers says, by the posteriors of its own states."""
        from cocktail.dsp.statistical import hmm

        graph = view.model.graph
        said = [[] for _ in view.speakers]
        for inferred in self.infer(stft(finite(mixture)[0], *framing(view.fs)), view):
            for words, states in zip(said, inferred.states, strict=True):
                path = hmm.decode(states, graph.chain)
                words += [graph.words[word] for word, _ in itertools.groupby(graph.word[path]) if word >= 0]
        return [" ".join(words) for words in said]

    def infer(self, Y, view):
        """cocktail.dsp.statistical.factorial.Inference of each part of an STFT (F, T), in order."""
        require_rate(view.fs, view.model.fs)
        unknown = [name for name in view.speakers if name not in view.model.gaussians]
        if unknown:
            raise CocktailError(f"not among the talkers of the training: {', '.join(unknown)}")
        y = np.log(np.abs(Y) ** 2 / ((np.abs(Y) ** 2).mean() or 1.0) + FLOOR)
        frames = round(self.segment_s * view.fs / framing(view.fs)[1])
        parts = np.array_split(y, math.ceil(y.shape[1] / frames), axis=1)
        return [self._infer(part, view) for part in parts]

    def _infer(self, y, view):
        """Inference of log powers (F, T) with the levels whose bound is highest after one round of each kind."""
        from cocktail.dsp.statistical import factorial

        choices = [
            [self._talker(view.model, name, level) for name, level in zip(view.speakers, levels, strict=True)]
            for levels in self._levels(len(view.speakers))
        ]
        talkers = choices[0]
        if len(choices) > 1:
            talkers = max(choices, key=lambda talkers: factorial.variational(talkers, y, 1, 1).bounds[-1])
        if self.inference == "exact" and len(talkers) == 2:
            return factorial.exact(talkers, y)
        return factorial.variational(talkers, y, self.iterations, self.beliefs)

    def _levels(self, n_talkers):
        """Log powers of the talkers whose sum is 1, each possible choice."""
        choices = {
            tuple(db if j == k else 0.0 for j in range(n_talkers)) for k in range(n_talkers) for db in self.levels_db
        }
        for choice in sorted(choices):
            levels = np.log(10) / 10 * np.array(choice)
            yield levels - np.log(np.exp(levels).sum())

    def _talker(self, model, name, level):
        from cocktail.dsp.statistical.factorial import Talker

        means, variances, use = model.gaussians[name]
        means = np.logaddexp(means + level, np.log(FLOOR))
        return Talker(means, variances + self.spread, use[model.graph.state], model.graph.chain)


def _log_power(V):
    """Power (F, T) of a recording -> its logarithm at mean power 1, float32."""
    return np.log(V / (V.mean() or 1.0) + FLOOR).astype(np.float32)


def _cepstra(V, fs):
    """Cepstra of mel bands, less their mean, and their differences: power (F, T) -> (2 CEPSTRA, T)."""
    from scipy.fft import dct

    from cocktail.dsp.cepstra import difference
    from cocktail.dsp.mel import filterbank

    bands = filterbank(MEL_BANDS, fs, framing(fs)[0]) @ V
    static = dct(np.log(bands / (bands.mean() or 1.0) + FLOOR), axis=0, norm="ortho")[:CEPSTRA]
    static -= static.mean(axis=1, keepdims=True)
    return np.concatenate([static, difference(difference(static))]).astype(np.float32)


def _use(mixture, X, path, n_states):
    """How often frames (F, T) of each state (T,) are of each Gaussian, (states, C)."""
    joint = mixture.joint(X)
    share = np.exp(joint - joint.max(0))
    share /= share.sum(0)
    counts = np.tile(PRIOR_FRAMES * share.mean(1), (n_states, 1))
    np.add.at(counts, path, share.T)
    return (counts / counts.sum(1, keepdims=True)).astype(np.float32)


def _lexicon(slots):
    """cocktail.dsp.statistical.sentences.Lexicon of the words that stand in any slot; unknown ones are spelt."""
    from cocktail.dsp.statistical import sentences
    from cocktail.recognition.grid import PHONES

    return sentences.Lexicon.of({w: PHONES.get(w, " ".join(w)).split() for w in sorted(set().union(*slots))})
