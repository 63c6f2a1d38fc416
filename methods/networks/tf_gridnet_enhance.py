"""TF-GridNet with one output, for speech in noise.

Z.-Q. Wang, S. Cornell, S. Choi, Y. Lee, B.-Y. Kim and S. Watanabe, "TF-GridNet: integrating full- and sub-band modeling
for speech separation", IEEE/ACM TASLP 31, 2023.

Deviations: those of tf_gridnet. The size is that for talkers, and the loss SI-SDR; the paper enhances several channels
with another.
"""

from dataclasses import dataclass

from cocktail.nets.tf_gridnet_method import TfGridnetMethod


@dataclass(frozen=True)
class TfGridnetEnhance(TfGridnetMethod):
    """One talker, one channel (microphone 1)."""

    task = "enhance"
    outputs: int = 1
