"""WPE: weighted prediction error dereverberation, by the package nara_wpe.

T. Nakatani, T. Yoshioka, K. Kinoshita, M. Miyoshi and B.-H. Juang, "Speech dereverberation based on variance-normalized
delayed linear prediction", IEEE Trans. Audio, Speech, Language Process. 18(7), 2010.
L. Drude, J. Heymann, C. Boeddeker and R. Haeb-Umbach, "NARA-WPE: a Python package for weighted prediction error
dereverberation in Numpy and Tensorflow for online and offline processing", ITG 2018.
Deviations: a recording with fewer frames than the prediction has coefficients is given fewer taps, and passes as it is
where not even one can be estimated.
"""

from dataclasses import dataclass

from cocktail.method import Method, finite
from cocktail.stft import framing, istft, stft


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
        from nara_wpe.wpe import wpe

        size, hop = framing(view.fs)
        noisy = stft(finite(mixture), size, hop).swapaxes(0, 1)  # (F, D, T)
        channels, frames = noisy.shape[1:]
        taps = min(self.taps, (frames - self.delay) // (2 * channels))
        if taps < 1:
            return mixture[:1].copy()
        dry = wpe(noisy, taps=taps, delay=self.delay, iterations=self.iterations)
        return istft(dry[None, :, 0], mixture.shape[-1], size, hop)
