"""Conv-TasNet with one output, for speech in noise.

Y. Luo and N. Mesgarani, "Conv-TasNet: surpassing ideal time-frequency magnitude masking for speech separation",
IEEE/ACM TASLP 27(8), 2019.

Deviations: those of conv_tasnet, and the task: the paper separates talkers.
"""

from dataclasses import dataclass

from cocktail.nets.conv_tasnet_method import ConvTasNetMethod


@dataclass(frozen=True)
class ConvTasNetEnhance(ConvTasNetMethod):
    """One talker, one channel (microphone 1)."""

    task = "enhance"
    outputs: int = 1
