"""The truth of a scene from its row: what an estimate is scored against, and what an oracle is granted."""

import numpy as np
from records import record

from cocktail import tables
from cocktail.scenes.truth import Truth

FS = 16000


def row(reference):
    random = np.random.default_rng(0)
    images, noise, early = (random.uniform(-0.5, 0.5, shape) for shape in ((2, 3, 400), (3, 400), (2, 400)))
    cells = {
        "images": [tables.pack(x, FS, "x") for x in images],
        "early": [tables.pack(x, FS, "x") for x in early],
        "noise": tables.pack(noise, FS, "x"),
        "reference": reference,
        "record": record("separate", "ab"),
    }
    return cells, images, noise, early


def test_the_target_is_what_the_condition_names():
    for reference in ("image", "early"):
        cells, images, _, early = row(reference)
        target = images[:, 0] if reference == "image" else early
        np.testing.assert_allclose(Truth(cells).target, target, atol=1e-6)


def test_an_oracle_is_granted_the_first_samples():
    cells, images, noise, early = row("early")
    granted = Truth(cells).references(slice(100))
    np.testing.assert_allclose(granted.target, early[:, :100], atol=1e-6)
    np.testing.assert_allclose(granted.images, images[..., :100], atol=1e-6)
    np.testing.assert_allclose(granted.noise, noise[:, :100], atol=1e-6)


def test_the_record_comes_with_it():
    scene = Truth(row("image")[0]).scene
    assert (scene.task, [talker.speaker for talker in scene.talkers]) == ("separate", ["a", "b"])


def test_the_columns_are_all_that_the_target_needs():
    cells, images, _, _ = row("image")
    target = Truth({name: cells.get(name) for name in Truth.COLUMNS}).target
    np.testing.assert_allclose(target, images[:, 0], atol=1e-6)
