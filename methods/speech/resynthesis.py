"""Resynthesis by an enhancer, as an attack: the claimed speaker was recorded in noise, and a network takes it off.

A condition names the entry among its `attacks`: the spoofs are then what the network that the entry `uses` makes of
genuine utterances in noise. Masks leave the phases of the noisy speech, a learnt filter bank makes a waveform of its
own (Y. Luo and N. Mesgarani, "Conv-TasNet: surpassing ideal time-frequency magnitude masking for speech separation",
IEEE/ACM TASLP 27(8), 2019). Both learnt to enhance, not to deceive.

Deviations: a project's own attack. The noise is stationary, with the spectrum of the utterance itself, hence none that
the networks were trained on.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.method import Method, finite
from cocktail.plugins.bases import offering


@dataclass(frozen=True)
class Resynthesis(Method):
    """One utterance, microphone 1, as long as it was."""

    task = "attack"
    paradigm = "separation"
    roles = {"enhancer": "enhance"}  # noqa: RUF012
    snr_low_db: float = 0.0
    snr_high_db: float = 10.0
    """The SNR is drawn for each utterance between the two."""

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N). Raises CocktailError where the model that it uses enhances nothing."""
        enhancer = offering(view.bases, "enhance", "blstm-psa or conv-tasnet-enhance", role="enhancer")
        x = finite(mixture[:1])[0]
        snr_db = view.rng.uniform(self.snr_low_db, self.snr_high_db)
        noisy = x + 10 ** (-snr_db / 20) * speech_shaped(x, view.rng)
        return enhancer.enhance(noisy[None], view.fs).double().cpu().numpy()


def speech_shaped(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(N,) noise with the magnitudes of the spectrum of (N,), hence of its power, and random phases."""
    spectrum = np.fft.rfft(x)
    phases = np.exp(2j * np.pi * rng.random(len(spectrum)))
    phases[0] = 1  # real, as the last one is where N is even
    if len(x) % 2 == 0:
        phases[-1] = 1
    return np.fft.irfft(np.abs(spectrum) * phases, len(x))
