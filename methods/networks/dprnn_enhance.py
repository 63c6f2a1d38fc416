"""Dual-path recurrent network with one output, for speech in noise.

Y. Luo, Z. Chen and T. Yoshioka, "Dual-path RNN: efficient long sequence modeling for time-domain single-channel speech
separation", ICASSP 2020.

Deviations: those of dprnn, and the task: the paper separates talkers.
"""

from dataclasses import dataclass

from cocktail.nets.dprnn_method import DprnnMethod


@dataclass(frozen=True)
class DprnnEnhance(DprnnMethod):
    """One talker, one channel (microphone 1)."""

    task = "enhance"
    outputs: int = 1
