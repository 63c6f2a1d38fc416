"""Conv-TasNet: masks of a learnt filter bank of 2 ms, from dilated convolutions.

Y. Luo and N. Mesgarani, "Conv-TasNet: surpassing ideal time-frequency magnitude masking for speech separation",
IEEE/ACM TASLP 27(8), 2019: linear encoder, sigmoid masks, SI-SDR under the best permutation. The causal entry has
cumulative layer normalisation. `auditory-tasnet` has a fixed encoder of 128 gammatone filters: D. Ditter and
T. Gerkmann, "A multi-phase gammatone filterbank for speech separation via TasNet", ICASSP 2020, with a learnt decoder.

Deviations: 16 kHz, with windows as long in time. Estimates are scaled to where each is nearest to the mixture; the
causal network is trained for SNR instead, for it cannot know that scale. Every talker's SI-SDR counts that is not
silent throughout the segment. Variances have a smaller floor, so that no gain matters. Mixtures drawn afresh; the
learning rate falls geometrically, not by half after three epochs without gain. Gammatone filters reach up to 8 kHz, an
even number of ERB apart that is a little more than one.
"""

from dataclasses import dataclass

from cocktail.nets.conv_tasnet_method import ConvTasNetMethod


@dataclass(frozen=True)
class ConvTasNet(ConvTasNetMethod):
    """As many talkers as outputs, one channel (microphone 1)."""

    task = "separate"
