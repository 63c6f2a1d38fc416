"""What plugins share that decide, unit by unit of a gammatone bank, whether speech is louder than noise.

A unit is one band in one frame of cocktail.stft. Classifiers of bands are independent. In training a unit is of speech
where the ratio of speech to noise in it exceeds the local criterion. A bin's gain is the mean decision over bands,
weighted by their power responses.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.auditory import gammatone, modulation
from cocktail.dsp.statistical.enhancer import GainEnhancer
from cocktail.stft import framing

NYQUIST_SHARE = 0.94
"""A band centred above half the rate would be another one's alias."""


@dataclass(frozen=True)
class Examples:
    """Units of training scenes, of one band or of all (B, ...)."""

    features: np.ndarray
    """(n, D), centred and scaled where they are of one band."""
    labels: np.ndarray
    """(n,): whether speech is louder."""
    power: np.ndarray
    """(n,): share of the mixture's."""

    def of_band(self, b: int, standard: dict[str, np.ndarray]) -> "Examples":
        """Those of one band, centred and scaled."""
        return Examples(_standard(standard, self.features[b]), self.labels[b], self.power[b])


@dataclass(frozen=True)
class UnitClassifier(GainEnhancer):
    """Base of the plugins. Their models are Bands."""

    paradigm = "separation"
    effort = ("scenes",)
    bands: int = 64
    low_hz: float = 80.0
    high_hz: float = 7500.0
    """Centre of the highest band, at most NYQUIST_SHARE of half the rate."""
    criterion_db: float = 0.0
    """Local criterion."""
    scenes: int = 400
    """Training scenes; a quarter as many more from the validation split where thresholds are learnt."""
    frames: int = 60
    """Taken from each scene, evenly."""
    floor_db: float = -20.0
    """Gain of a unit of noise."""

    def learn(self, train: "Examples", valid: "Examples", rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Arrays of the classifier of one band, from units of the train and of the validation split."""
        raise NotImplementedError

    def decide(self, band: dict[str, np.ndarray], units: np.ndarray) -> np.ndarray:
        """Which units (n, D) of a band are of speech, (n,)."""
        raise NotImplementedError

    def fit(self, data, rng, folder):
        """Learn each band's classifier on scenes of the mixer; leave bands.npz."""
        train = self._examples(data, "train", self.scenes, rng)
        valid = self._examples(data, "valid", max(self.scenes // 4, 2), rng)
        arrays = {"fs": data.fs}
        for b in range(self.bands):
            features = train.features[b]
            deviation = features.std(0)
            used = np.flatnonzero(deviation > 1e-6)  # the lowest band has no difference to a lower one
            standard = {"used": used, "mean": features.mean(0)[used], "scale": deviation[used]}
            learnt = self.learn(train.of_band(b, standard), valid.of_band(b, standard), rng)
            arrays |= {f"{b} {name}": x for name, x in (standard | learnt).items()}
        np.savez(folder / "bands.npz", **arrays)

    def load(self, folder):
        """Bands."""
        with np.load(folder / "bands.npz", allow_pickle=False) as saved:
            bands = [{} for _ in range(self.bands)]
            for key in saved:
                if " " in key:
                    band, name = key.split(" ")
                    bands[int(band)][name] = saved[key]
            return Bands(bands, int(saved["fs"]))

    def size(self, model):
        """Numbers in the classifiers of all bands."""
        return sum(x.size for band in model.bands for x in band.values())

    def gains(self, samples, Y, view):
        units = self.units(samples, view.fs)
        decisions = np.stack([
            self.decide(band, _standard(band, x)) for band, x in zip(view.model.bands, units, strict=True)
        ])  # fmt: skip
        weights = gammatone.shares(self._responses(view.fs), Y.shape[0])
        return weights @ np.where(decisions, 1.0, 10 ** (self.floor_db / 20))

    def units(self, samples: np.ndarray, fs: int) -> np.ndarray:
        """Features (B, T, D) of the units of a mixture (N,); those of no level."""
        outputs = [
            (modulation.envelope(x, fs), np.mean(x**2)) for x in gammatone.filtered(samples, self._responses(fs))
        ]
        level = np.sqrt(max(power for _, power in outputs)) or 1.0
        return modulation.features(np.stack([modulation.spectrum(envelope / level) for envelope, _ in outputs]))

    def _examples(self, data, split, n_scenes, rng):
        """Examples of all bands, from frames of scenes."""
        features, labels, powers = [], [], []
        size, hop = framing(data.fs)
        responses = self._responses(data.fs)
        for _ in range(n_scenes):
            scene = data.mixer.draw(rng, split)
            x = self.units(scene.mixture.astype(float), data.fs)
            at = np.linspace(0, x.shape[1] - 1, min(self.frames, x.shape[1])).astype(int)
            signals = np.stack([scene.sources[0], scene.noise, scene.mixture]).astype(float)
            target, noise, mixture = np.array([
                np.einsum("stn,stn->st", *2 * (modulation.framed(band, size, hop)[:, at],))
                for band in gammatone.filtered(signals, responses)
            ]).swapaxes(0, 1)  # fmt: skip
            features.append(x[:, at])
            labels.append(target > 10 ** (self.criterion_db / 10) * noise)
            powers.append(mixture / (mixture.sum() or 1.0))
        return Examples(*(np.concatenate(of, axis=1) for of in (features, labels, powers)))

    def _responses(self, fs):
        high_hz = min(self.high_hz, NYQUIST_SHARE * fs / 2)
        return gammatone.impulse_responses(gammatone.centres(self.bands, self.low_hz, high_hz), fs)


def _standard(band, units):
    """Features (n, D) of a band that vary in training, centred and scaled."""
    return (units[:, band["used"]] - band["mean"]) / band["scale"]


@dataclass(frozen=True)
class Bands:
    """Classifiers of all bands."""

    bands: list[dict[str, np.ndarray]]
    fs: int
