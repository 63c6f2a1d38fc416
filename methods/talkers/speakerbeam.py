"""SpeakerBeam: another utterance of a talker says whom a network takes out of a mixture.

K. Zmolikova, M. Delcroix, K. Kinoshita, T. Ochiai, T. Nakatani, L. Burget and J. Cernocky, "SpeakerBeam: speaker aware
neural network for target speaker extraction in speech mixtures", IEEE JSTSP 13(4), 2019: 3 x 512 bidirectional LSTM;
the units of the first layer are scaled by the mean over the enrolment of what a network of two hidden layers makes of
its frames.

Deviations: 16 kHz; bands, features, target and loss are those of pit. The auxiliary network has layers of 200
rectifiers, a figure that could not be checked against the paper, and there are no projections between the recurrent
layers. Adam on mixtures drawn afresh. The second talker is what the first leaves of the mixture.
"""

from dataclasses import dataclass

from cocktail.nets.separation import SeparationNetwork


@dataclass(frozen=True)
class Speakerbeam(SeparationNetwork):
    """The enrolled talker and the other one, one channel (microphone 1)."""

    task = "separate"
    needs = frozenset({"enrolment", "gpu"})
    least = {"layers": 2, "auxiliary": 1, "enrolment_s": 0.1}  # noqa: RUF012 - a layer before the voice, one behind
    layers: int = 3
    units: int = 512
    """LSTM cells a layer, in each direction."""
    auxiliary: int = 200
    """Rectifiers of a layer that looks at the enrolment."""
    dropout: float = 0.5
    shift_ms: float = 8.0
    """Of the STFT, whose window is 32 ms."""
    enrolment_s: float = 3.0
    """Length of an enrolment in training."""

    def network(self, fs):
        from cocktail.nets.speakerbeam import SpeakerBeam

        return SpeakerBeam(
            fs=fs, shift_ms=self.shift_ms, layers=self.layers, units=self.scaled(self.units),
            auxiliary=self.scaled(self.auxiliary), dropout=self.dropout,
        )  # fmt: skip

    def examples(self, data, stage):
        from cocktail.nets.speakerbeam import Enrolled

        lengths = (round(seconds * data.fs) for seconds in (stage.segment_s, self.enrolment_s))
        return Enrolled(data.mixer.augmented(self.augment).draw, *lengths)

    def collate(self, examples):
        from cocktail.nets.speakerbeam import collate

        return collate(examples)

    def objective(self, network, batch):
        from cocktail.nets.speakerbeam import loss

        return loss(network, batch)

    def separate(self, network, mixture, view):
        import torch

        from cocktail.nets.speakerbeam import extract

        enrolment = torch.as_tensor(view.enrolment, dtype=mixture.dtype, device=mixture.device)
        estimate = extract(network, mixture, enrolment)
        return torch.stack([estimate, mixture - estimate])

    def skip(self, info):
        """There must be one talker besides the one who is enrolled."""
        return None if info.n_sources == 2 else "tells one talker from one other"
