import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail.rng import rng

identities = st.lists(st.one_of(st.integers(0, 99), st.text("ab1", max_size=3)), min_size=1, max_size=3)


def test_same_identity_same_numbers():
    assert rng(1, "quick", 3, role="snr").random() == rng(1, "quick", 3, role="snr").random()


@settings(max_examples=200, deadline=None)
@given(a=identities, b=identities)
def test_other_identity_other_numbers(a, b):
    same = [type(x) for x in a] == [type(x) for x in b] and a == b
    assert (rng(0, *a, role="r").random() == rng(0, *b, role="r").random()) == same


def test_roles_are_uncorrelated():
    draws = np.array([[rng(0, i, role=role).standard_normal() for role in ("snr", "noise")] for i in range(2000)])
    assert abs(np.corrcoef(draws.T)[0, 1]) < 0.07  # three standard errors
