"""Light convolutional network on a log power spectrum: a spoofing detector.

G. Lavrentyeva et al., "STC antispoofing systems for the ASVspoof2019 challenge", Interspeech 2019.
Deviations: see cocktail/nets/lcnn.py for the network and cocktail/dsp/cepstra.py for the spectrum, which is that of 20
ms in bands rather than of 108 ms in 863 bins. It trains on stretches of the trials, bona fide ones as often as attacks.
"""

from dataclasses import dataclass

from cocktail.nets.network_method import NetworkMethod

FRAMES_PER_S = 100


@dataclass(frozen=True)
class Lcnn(NetworkMethod):
    """One channel (microphone 1); the score is the logit of bona fide speech."""

    task = "detect"
    paradigm = "annotated-source-model"
    bands: int = 128
    """Of equal width, up to half the rate."""
    dropout: float = 0.75
    trials: int = 4000
    """Rendered for training; a quarter as many for validation."""
    segment_s: float = 2.0
    """Length of a training example."""
    epochs: int = 60
    steps: int = 100
    decay: float = 1.0

    @property
    def validation(self):
        """Validation examples, and trials."""
        return max(self.trials // 4, 16)

    def network(self, fs):
        from cocktail.nets.lcnn import LightCnn

        return LightCnn(n_features=self.bands, width=self.width, dropout=self.dropout)

    def examples(self, data, stage):
        from cocktail.nets.detection import Examples, Trials
        from cocktail.nets.lcnn import features

        numbers = {"train": self.trials, "valid": self.validation}
        trials = {
            split: Trials.of(data.trials(split, n), lambda samples: features(samples, data.fs, self.bands))
            for split, n in numbers.items()
        }
        return Examples(trials, round(FRAMES_PER_S * stage.segment_s))

    def objective(self, network, batch):
        from torch.nn.functional import binary_cross_entropy_with_logits

        return binary_cross_entropy_with_logits(network(batch["features"]), batch["label"])

    def finish(self, network, examples):
        from cocktail.nets.detection import score
        from cocktail.nets.lcnn import SHORTEST

        trials = examples.trials["valid"]
        network.threshold.fill_(trials.threshold(lambda features: score(network, features, SHORTEST)))

    def output(self, network, samples, view):
        return network.judge(samples, network.fs)
