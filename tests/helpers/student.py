"""Bootstrap intervals that are as wide as Student's, told by scipy.stats."""

import numpy as np
import scipy.stats


def percentiles(samples, n):
    """Ends of the 95 % interval among resamples of a figure that rests on n draws."""
    share = scipy.stats.norm.cdf(scipy.stats.t.ppf(0.025, n - 1) * np.sqrt(n / (n - 1)))
    return np.quantile(samples, [share, 1 - share])
