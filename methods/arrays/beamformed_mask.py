"""A mask network behind a beamformer: delay and sum first, then the mask of one channel.

F. Weninger, H. Erdogan, S. Watanabe, E. Vincent, J. Le Roux, J. R. Hershey and B. Schuller, "Speech enhancement with
LSTM recurrent neural networks and its application to noise-robust ASR", LVA/ICA 2015. The network is that of the entry
that this one `uses`.

Deviations: the beam is steered by SRP-PHAT, where CHiME-2 knows that the talker is in front. The network learnt from
one microphone, not from beams.
"""

from dataclasses import dataclass

from cocktail import stft
from cocktail.dsp.spatial import directions
from cocktail.method import Method, finite
from cocktail.plugins.bases import offering


@dataclass(frozen=True)
class BeamformedMask(Method):
    """One talker."""

    paradigm = "separation"
    roles = {"base": "enhance"}  # noqa: RUF012
    needs = frozenset({"array", "gpu"})

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N) at microphone 1."""
        X = stft.stft(finite(mixture))
        beam = directions.delay_and_sum(X, view.array, directions.frequencies(stft.SIZE, view.fs))
        beam = stft.istft(beam, mixture.shape[-1])
        return offering(view.bases, "enhance", "blstm-psa").enhance(beam, view.fs, view.device).double().cpu().numpy()
