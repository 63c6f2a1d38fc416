"""TF-GridNet: complex spectra of the talkers, from layers along frequency, along time, and attention between frames.

Z.-Q. Wang, S. Cornell, S. Choi, Y. Lee, B.-Y. Kim and S. Watanabe, "TF-GridNet: integrating full- and sub-band modeling
for speech separation", IEEE/ACM TASLP 31, 2023: the largest network for two talkers without a room, 14.5 million
weights.

Deviations: 16 kHz. Estimates are scaled to where each is nearest to the mixture; the loss is SI-SDR alone, without the
term that wants them to add up to the mixture. Every talker's SI-SDR counts that is not silent throughout the segment.
Mixtures drawn afresh; the learning rate falls geometrically, not by half after epochs without gain.
"""

from dataclasses import dataclass

from cocktail.nets.tf_gridnet_method import TfGridnetMethod


@dataclass(frozen=True)
class TfGridnet(TfGridnetMethod):
    """As many talkers as outputs, one channel (microphone 1)."""

    task = "separate"
