"""Methods to start from: what they do to sound, and where their rows go."""

import numpy as np
import pytest
import yaml

from cocktail.errors import CocktailError
from cocktail.levels import power
from cocktail.method import View
from cocktail.plugins.entry import Plugin
from cocktail.plugins.registry import families
from cocktail.plugins.sizes import check_sizes
from cocktail.plugins.templates import GATE, NETWORK, with_row
from cocktail.rng import rng
from cocktail.testing.signals import make_scene


def method(template, folder, **parameters):
    path = folder / "mine.py"
    path.write_text(template.code.format(title="Mine", cls="Mine"))
    return Plugin("mine", path).cls(**parameters)


def db(x):
    return 10 * np.log10(power(x))


@pytest.mark.parametrize("fs", [8000, 16000, 44100])
def test_the_gate_is_heard_at_any_rate(tmp_path, fs):
    """Noise alone is 12 dB down after its first second, while most of a loud voice is kept."""
    gate, view = method(GATE, tmp_path), View(fs, rng(0, role="test"))
    noise = rng(1, role="noise").standard_normal((1, 3 * fs))
    assert db(gate(noise, view)[:, fs:]) < db(noise[:, fs:]) - 12
    scene = make_scene(n_sources=1, channels=1, seconds=3.0, fs=fs)
    kept = gate(scene.references.target, view)
    assert db(kept) > db(scene.references.target) - 1


def test_the_gate_looks_at_the_same_milliseconds_at_any_rate(tmp_path, monkeypatch):
    from cocktail.dsp.noise import trackers

    hops = []
    monkeypatch.setitem(trackers.TRACKERS, "mmse-spp", lambda power, hop_s: hops.append(hop_s) or 0 * power)
    for fs in (8000, 16000, 44100):
        method(GATE, tmp_path)(np.ones((1, fs)), View(fs, rng(0, role="test")))
    assert hops == pytest.approx([0.008] * 3, rel=0.01)


def test_sizes_of_the_network_are_sizes():
    sizes = yaml.safe_load(NETWORK.sizes)
    check_sizes({"mine": sizes}, {"mine"}, "the template")
    assert {"tiny", "small"} <= sizes.keys()


@pytest.mark.parametrize("folder", families(), ids=lambda path: path.name)
def test_rows_land_among_rows_and_sizes_among_sizes(folder):
    before = (folder / "methods.yaml").read_text()
    after = with_row(before, "my-net", "my_net", NETWORK.sizes)
    lines = after.splitlines()
    rows = yaml.safe_load(before) | {"my-net": {}}
    sizes = rows.get("sizes", {}) | {"my_net": yaml.safe_load(NETWORK.sizes)}
    assert yaml.safe_load(after) == rows | {"sizes": sizes}
    assert set(before.splitlines()) <= set(lines)  # comments and all
    (start,) = [i for i, line in enumerate(lines) if line.startswith("sizes:")]
    assert lines.index("my-net: {}") < start < lines.index("  my_net:")
    assert lines[lines.index("my-net: {}") - 1].strip()


def test_rows_of_a_new_file_and_after_blank_lines():
    assert with_row("", "my-gate", "my_gate") == "my-gate: {}\n"
    assert with_row("a: {}\n\n\n", "b", "b") == "a: {}\nb: {}\n\n\n"
    text = with_row("# mine\na: {}", "b", "b", "tiny: {epochs: 1}\n")
    assert text.startswith("# mine\na: {}\nb: {}\n\nsizes: ")
    assert yaml.safe_load(text) == {"a": {}, "b": {}, "sizes": {"b": {"tiny": {"epochs": 1}}}}


def test_a_file_that_is_written_otherwise_is_left_to_its_author():
    with pytest.raises(CocktailError, match=r"add the row yourself: b: \{\}; and below `sizes:` b: \{'tiny'"):
        with_row("a: {}\nsizes: {a: {tiny: {gain: 1}}}\n", "b", "b", "tiny: {epochs: 1}\n")
    assert "b: {}" in with_row("a: {}\nsizes: {a: {tiny: {gain: 1}}}\n", "b", "b")
