"""Dual-path recurrent network: masks of a learnt filter bank, from LSTM layers along and across chunks of 0.1 s.

Y. Luo, Z. Chen and T. Yoshioka, "Dual-path RNN: efficient long sequence modeling for time-domain single-channel speech
separation", ICASSP 2020. Windows of 2 ms, the longest of the paper, whose shortest, an eighth of that, is its best.

Deviations: those of conv_tasnet. Masks are sigmoids of a linear layer, as in Conv-TasNet.
"""

from dataclasses import dataclass

from cocktail.nets.dprnn_method import DprnnMethod


@dataclass(frozen=True)
class Dprnn(DprnnMethod):
    """As many talkers as outputs, one channel (microphone 1)."""

    task = "separate"
