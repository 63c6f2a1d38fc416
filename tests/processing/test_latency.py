"""How far ahead a method looks, of methods that look as far as one says."""

import numpy as np
import pytest

from cocktail.processing.latency import look_ahead


def estimate_of(ahead, share=1.0):
    """The input `ahead` samples later, of which a `share` is heard beside the input itself: (1, N) from a start."""
    x, other = np.random.default_rng(0).standard_normal((2, 8000))

    def estimate(start):
        y = x if start is None else np.concatenate([x[:start], other[start:]])
        later = np.concatenate([y[ahead:], np.zeros(ahead)])
        return (y + share * later)[None]

    return estimate


@pytest.mark.parametrize("share", [1.0, 1e-4])
@pytest.mark.parametrize("ahead", [0, 1, 300])
def test_it_is_found_also_where_little_comes_of_it(ahead, share):
    found, most = look_ahead(estimate_of(ahead, share), 8000)
    assert found == ahead
    assert most > 4000


def test_what_is_a_millionth_of_the_peak_does_not_count():
    assert look_ahead(estimate_of(300, 1e-9), 8000)[0] == 0
