"""A Kalman filter as the last layer of a network, which predicts its noise covariances and the speech's dynamics.

E. Zavarehei and S. Vaseghi, "Speech enhancement in temporal DFT trajectories using Kalman filters", Interspeech 2005:
in every bin of the STFT, speech is an autoregressive process over frames that noise is added to. W. Xue, G. Quan,
C. Zhang, G. Ding, X. He and B. Zhou, "Neural Kalman filtering for speech enhancement", ICASSP 2021: the network is
trained through the filter.

Deviations: prediction and correction are those of the linear filter of 2005, with complex coefficients; a network takes
the place of its linear prediction and noise tracking, where that of 2021 also replaces the filter's prediction. The
order is one, as frames overlap by three quarters. Coefficients stay within the unit circle.
"""

from dataclasses import dataclass

from cocktail.nets.one_talker import OneTalkerNetwork


@dataclass(frozen=True)
class KalmanLayer(OneTalkerNetwork):
    """One talker, one channel (microphone 1)."""

    causal = True
    least = {"order": 1}  # noqa: RUF012
    order: int = 1
    """Frames that the next one is predicted from."""
    units: int = 256
    """LSTM cells of a layer."""
    layers: int = 2

    def network(self, fs):
        from cocktail.nets.kalman import KalmanNetwork

        return KalmanNetwork(order=self.order, units=self.scaled(self.units), layers=self.layers, fs=fs)

    def objective(self, network, batch):
        from cocktail.nets.kalman import loss

        return loss(network, batch)

    def separate(self, network, mixture, view):
        from cocktail.stft import istft, stft

        return istft(network(stft(mixture[None])), mixture.shape[-1])
