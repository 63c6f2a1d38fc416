"""WPE: weighted prediction error dereverberation, by the package nara_wpe.

T. Nakatani, T. Yoshioka, K. Kinoshita, M. Miyoshi and B.-H. Juang, "Speech dereverberation based on variance-normalized
delayed linear prediction", IEEE Trans. Audio, Speech, Language Process. 18(7), 2010.
L. Drude, J. Heymann, C. Boeddeker and R. Haeb-Umbach, "NARA-WPE: a Python package for weighted prediction error
dereverberation in Numpy and Tensorflow for online and offline processing", ITG 2018.
Deviations: a recording with fewer frames than the prediction has coefficients is given fewer taps, and passes as it is
where not even one can be estimated. The normal equations are loaded by `LOADING`: channels that are equal, or sums of
others, would leave them without a solution.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.method import Method, finite
from cocktail.stft import framing, istft, stft

LOADING = 1e-10
"""Of the normal equations' diagonal, relative to its mean."""


@dataclass(frozen=True)
class Wpe(Method):
    """Predict late reverberation from the past of all microphones, and subtract it from microphone 1."""

    taps: int = 10
    """Frames of the past that predict, for each microphone."""
    delay: int = 3
    """Frames between the present and the latest of them: protects the speech itself."""
    iterations: int = 3

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N)."""
        size, hop = framing(view.fs)
        noisy = stft(finite(mixture), size, hop).swapaxes(0, 1)  # (F, D, T)
        channels, frames = noisy.shape[1:]
        taps = min(self.taps, (frames - self.delay) // (2 * channels))
        if taps < 1:
            return mixture[:1].copy()
        dry = np.stack([self._dry(bin_, taps)[0] for bin_ in noisy])
        return istft(dry[None], mixture.shape[-1], size, hop)

    def _dry(self, noisy, taps):
        """One bin (D, T) less what its past predicts."""
        from nara_wpe.wpe import build_y_tilde, get_power_inverse, hermite

        past = build_y_tilde(noisy, taps, self.delay)  # (taps D, T)
        dry = noisy
        for _ in range(self.iterations):
            weighted = past * get_power_inverse(dry)
            equations = weighted @ hermite(past)
            level = np.trace(equations).real / len(equations)
            equations += (LOADING * level or 1.0) * np.eye(len(equations))
            dry = noisy - hermite(np.linalg.solve(equations, weighted @ hermite(noisy))) @ past
        return dry
