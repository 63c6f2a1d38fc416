"""Synthesised coughs: labelled, reproducible, of kinds that differ and overlap."""

import numpy as np
import pytest

from cocktail.corpora import adapters, synthetic_coughs
from cocktail.corpora.library import Library
from cocktail.dsp.coughs import segments
from cocktail.rng import rng

FS = 16000


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("coughs") / "noise.parquet"
    part = {"adapter": "synthetic-coughs", "recordings": {"train": 24, "valid": 1, "test": 2}}
    adapters.build([part], "noise", path, seed=1, fs=FS)
    return Library(path)


def test_as_many_recordings_of_each_label_as_asked(library):
    assert len(library) == 2 * (24 + 1 + 2)
    rows = library.select(split="test", kind="cough", label=["wet"])
    assert [row["recording"] for row in rows] == ["cough-wet-test-0000", "cough-wet-test-0001"]


def test_a_recording_depends_on_its_name_and_the_seed_alone(library):
    for name, label in (("cough-wet-test-0001", "wet"), ("cough-dry-test-0000", "dry")):
        again = synthetic_coughs.recording(rng(1, "synthetic", name, role="cough"), label, FS)
        np.testing.assert_allclose(library.samples(name, FS), again, atol=2**-15)


def test_wet_coughs_last_longer_but_not_every_one_of_them(library):
    lengths = {
        label: [
            np.mean([each.stop - each.start for each in segments(library.samples(row["recording"], FS), FS)])
            for row in library.select(split="train", label=label)
        ]
        for label in ("wet", "dry")
    }
    assert np.median(lengths["wet"]) > 1.1 * np.median(lengths["dry"])
    assert min(lengths["wet"]) < max(lengths["dry"])
