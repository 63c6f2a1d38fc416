"""Spatial clustering by a mixture of complex Watson distributions, and MVDR from its masks.

D. H. Tran Vu and R. Haeb-Umbach, "Blind speech separation employing directional statistics in an expectation
maximization framework", ICASSP 2010.

Deviations: those of cacgmm, and of cocktail/dsp/spatial/watson.py. Observations are not whitened by the noise, and the
beamformer is MVDR from the masks and not the maximum-SNR one of the modes.
"""

from dataclasses import dataclass

from cocktail.dsp.spatial.mask_separator import MaskSeparator
from cocktail.dsp.spatial.watson import Watson


@dataclass(frozen=True)
class WatsonBss(MaskSeparator):
    """K talkers from D microphones; K may exceed D."""

    def family(self):
        return Watson()
