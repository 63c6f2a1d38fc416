"""Speaker embeddings by a time-delay network with statistics pooling: the x-vector.

D. Snyder, D. Garcia-Romero, G. Sell, D. Povey and S. Khudanpur, "X-vectors: robust DNN embeddings for speaker
recognition", ICASSP 2018. Heads: softmax as there; LMCL, which is AM-softmax (H. Wang et al., CVPR 2018; F. Wang et
al., IEEE Signal Processing Letters 25(7), 2018); LMCL with fixed prototypes from the Thomson problem (A. Villegas-
Morcillo, V. Sanchez and A. M. Gomez, "FoldHSphere", BMC Bioinformatics 22:490, 2021). Embeddings are compared by their
cosine. The model keeps an embedding of each train speaker, the cohort of score normalisation
(cocktail/scoring/normalisation.py).

Deviations: no PLDA, since the corpora have few speakers. Frames of the project's STFT; the mean of each band is that of
the whole utterance, not of 3 s. Speech is found by its level. With the cosine heads the embedding is what they compare,
without a second hidden layer. Fixed prototypes have the margin of learnt ones, where FoldHSphere has 0.6. Copies of the
training speech at 0.9 and 1.1 times its speed count as further speakers. Each example is drawn with noise and
reverberation of its own, the latter a tail of decaying noise. Adam, early stop by held-out utterances.
"""

from dataclasses import dataclass
from typing import Literal

from cocktail.errors import CocktailError
from cocktail.nets.network_method import NetworkMethod


@dataclass(frozen=True)
class Xvector(NetworkMethod):
    """Embeds microphone 1."""

    task = "verify"
    paradigm = "annotated-source-model"
    validation = 256
    gradients = True
    least = {"scale": 1e-3, "margin": 0, "embedding": 2}  # noqa: RUF012
    most = {"margin": 2}  # noqa: RUF012 - the largest difference of two cosines
    head: Literal["softmax", "lmcl", "thomson"] = "lmcl"
    scale: float = 30.0
    """s of LMCL."""
    margin: float = 0.35
    """m of LMCL."""
    embedding: int = 512
    """Numbers that a speaker is known by, at width 1. With `thomson`, fewer than the train speakers: of up to one more,
    the prototypes would be the corners of a simplex.
    """
    bands: int = 24
    """Mel filters."""
    segment_s: float = 2.0
    """Length of a training example."""
    batch_size: int = 64
    decay: float = 1.0

    def facts(self, data, examples):
        return {"speakers": examples.classes}

    def network(self, fs, speakers=1):
        from cocktail.nets import speaker, xvector

        network = xvector.XVectorNetwork(self.bands, self.width, self.scaled(self.embedding))
        return speaker.Speakers(network, classes=speakers, head=self.head, scale=self.scale, margin=self.margin)

    def initialise(self, network, data, examples, rng):
        network.spread_prototypes(rng)

    def examples(self, data, stage):
        from cocktail import levels, stft
        from cocktail.nets import speaker, xvector

        frames = round(stage.segment_s * data.fs / stft.framing(data.fs)[1])
        if frames < xvector.SPAN:
            what = f"segment_s: {stage.segment_s:g} s are {frames} frames"
            raise CocktailError(f"{what}; the network needs {xvector.SPAN}")
        train, valid = (speaker.voices(data.speech(split), data.fs) for split in ("train", "valid"))
        return speaker.Examples(
            voices=[*train.values(), *(voice for name, voice in valid.items() if name not in train)],
            noises=[loop for noise in data.noise() if len(loop := levels.loop(noise.samples, data.fs))],
            fs=data.fs,
            frames=frames,
            bands=self.bands,
        )

    def finish(self, network, examples):
        network.meet(examples.voices, examples.fs)

    def objective(self, network, batch):
        from cocktail.nets.speaker import loss

        return loss(network, batch)

    def output(self, network, samples, view):
        return network.embed(samples, network.fs)

    def size(self, model):
        """Weights up to the embedding."""
        return super().size(model.network)
