"""Spatial clustering by a mixture of complex angular central Gaussian distributions, and MVDR from its masks.

N. Ito, S. Araki and T. Nakatani, "Complex angular central Gaussian mixture model for directional statistics in
mask-based microphone array signal processing", EUSIPCO 2016. Where clusters have to be put in order: H. Sawada,
S. Araki and S. Makino, "Underdetermined convolutive blind source separation via frequency bin-wise clustering and
permutation alignment", IEEE Trans. ASLP 19(3), 2011.

Deviations: the mixture starts from the talkers' directions (SRP-PHAT, each covariance modelled as direct path plus
diffuse field) and from white noise, so that its clusters are in order; after ten iterations, for more undo this in
utterances of two or three seconds. With `begin: random` it knows no direction, as the paper's, which needs longer
recordings to come out in order: talkers who begin and end together look alike. There is a cluster for noise beside
those of the talkers. See also cocktail/dsp/spatial/central_gaussian.py and permutation.py. A dither at
-60 dB keeps every covariance regular.
"""

from dataclasses import dataclass

from cocktail.dsp.spatial.central_gaussian import CentralGaussian
from cocktail.dsp.spatial.mask_separator import MaskSeparator


@dataclass(frozen=True)
class Cacgmm(MaskSeparator):
    """K talkers from D microphones; K may exceed D."""

    def family(self):
        return CentralGaussian()
