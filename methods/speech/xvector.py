"""Speaker embeddings by a time-delay network with statistics pooling: the x-vector.

D. Snyder, D. Garcia-Romero, G. Sell, D. Povey and S. Khudanpur, "X-vectors: robust DNN embeddings for speaker
recognition", ICASSP 2018. Heads: softmax as there; LMCL, which is AM-softmax (H. Wang et al., CVPR 2018; F. Wang et
al., IEEE Signal Processing Letters 25(7), 2018); LMCL with fixed prototypes from the Thomson problem (A. Villegas-
Morcillo, V. Sanchez and A. M. Gomez, "FoldHSphere", BMC Bioinformatics 22:490, 2021). Embeddings are compared by their
cosine.

Deviations: no PLDA, since the corpora have few speakers. Frames of the project's STFT; the mean of each band is that of
the whole utterance, not of 3 s. Speech is found by its level. With the cosine heads the embedding is what they compare,
without a second hidden layer. Training speech is copied at 0.9 and 1.1 times its speed as further speakers; noise, and
tails of decaying noise for rooms, are drawn anew for each example. Adam, early stop by held-out utterances.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail.method import LearnedMethod, Workload, finite

MODEL = "xvector.npz"
VALID = 256
"""Validation examples."""


@dataclass(frozen=True)
class Xvector(LearnedMethod):
    """Embeds microphone 1."""

    task = "verify"
    paradigm = "annotated-source-model"
    needs = frozenset({"gpu"})
    head: Literal["softmax", "lmcl", "thomson"] = "lmcl"
    scale: float = 30.0
    """s of LMCL."""
    margin: float = 0.35
    """m of LMCL."""
    bands: int = 24
    """Mel filters."""
    width: float = 1.0
    """Factor on the paper's units: 512 in four layers, 1500 in the fifth, embeddings of 512."""
    segment_s: float = 2.0
    """Length of training examples."""
    epochs: int = 100
    steps: int = 500
    batch_size: int = 64
    learning_rate: float = 1e-3

    def fit(self, data, rng, folder):
        """Tell the train speakers apart; leaves xvector.npz."""
        from cocktail import levels, stft
        from cocktail.nets import saved, speaker
        from cocktail.training.loop.loop import Schedule, train

        examples = speaker.Examples(
            voices=[[part for x in voice for part in speaker.parts(x, data.fs)] for voice in _voices(data)],
            noises=[loop for noise in data.noise() if len(loop := levels.loop(noise.samples, data.fs))],
            fs=data.fs,
            frames=round(self.segment_s * data.fs / stft.framing(data.fs)[1]),
            bands=self.bands,
        )
        seed = int(rng.integers(2**31))

        def untrained():
            network = speaker.XVectorNetwork(self.bands, self.width)
            return speaker.Speakers(network, examples.classes, self.head, self.scale, self.margin, rng)

        model = saved.seeded(untrained, seed)
        schedule = Schedule(self.epochs, self.steps, self.batch_size, self.learning_rate, valid=VALID)
        train(model, speaker.loss, examples, schedule, folder=folder, seed=seed, device=data.device)
        model.network.frozen().save(folder / MODEL)

    def workload(self):
        """Seconds of speech; multiplications of its widest layers."""
        return Workload(self.epochs * self.steps * self.batch_size * self.segment_s, self.width**2, self.epochs)

    def load(self, folder):
        """cocktail.nets.xvector.XVector."""
        from cocktail.nets.xvector import XVector

        return XVector.read(folder / MODEL)

    def size(self, model):
        """Learnt numbers."""
        return model.size

    def __call__(self, mixture, view):
        """mixture (D, N) -> embedding (E,)."""
        return view.model(finite(mixture[:1])[0], view.fs, view.device)


def _voices(data):
    """Utterances of each speaker of both splits, [speaker][utterance] (N,) float32."""
    voices: dict[str, list] = {}
    for split in ("train", "valid"):
        known = set(voices)
        for recording in data.speech(split):
            if recording.speaker not in known:
                voices.setdefault(recording.speaker, []).append(np.asarray(recording.samples, np.float32))
    return list(voices.values())
