"""Trained models offer what their protocols say."""

import numpy as np
import pytest

from cocktail.errors import AccessError, CocktailError
from cocktail.method import Bases
from cocktail.plugins import bases
from cocktail.plugins.registry import Registry

FS = 16000


@pytest.mark.parametrize(
    ("entry", "protocol", "facts"),
    [
        ("lstm-msa", bases.MaskEstimator, {}),
        ("lcnn", bases.Detector, {}),
        ("xvector", bases.Embedder, {"speakers": 3}),
        ("ctc", bases.Recogniser, {}),
    ],
)
def test_a_model_offers_what_its_protocol_says(entry, protocol, facts):
    sizes = {"mask_network": {"units": 4}, "lcnn": {"width": 0.1}, "xvector": {"width": 0.1}, "ctc": {"units": 4}}
    model = Registry().entry(entry).sized(sizes, "a test").make().network(FS, **facts).eval()
    model.fs = FS
    assert isinstance(model, protocol)
    x = np.random.default_rng(0).standard_normal(FS // 2)
    if protocol is bases.MaskEstimator:
        mask = model.mask(np.stack([x, x]), FS)
        assert len(mask) == 2 and mask.min() >= 0 and mask.max() <= 1
        assert model.enhance(np.stack([x, x]), FS).shape == (2, len(x))
    elif protocol is bases.Detector:
        assert np.isfinite(model.judge(x, FS // 2))
    elif protocol is bases.Embedder:
        assert model.embed(x, FS // 2).ndim == 1
    else:
        assert isinstance(model.transcribe(x, FS // 2), str)


def test_a_model_that_lacks_what_is_asked_of_it_is_refused_with_what_would_be_right():
    class Masks:
        def mask(self): ...

    model = Masks()
    assert bases.offering({"base": model}, "mask", "blstm-psa") is model
    with pytest.raises(CocktailError, match="role 'base' has no `spectra`; use an entry such as dpcl-enhance"):
        bases.offering({"base": model}, "spectra", "dpcl-enhance")
    with pytest.raises(AccessError, match="there is no base 'enhancer'"):
        bases.offering(Bases(base=model), "mask", "blstm-psa", role="enhancer")
