"""Every entry that looks at several microphones, where channels are dead, equal, inverted, scaled or sums of others."""

import dataclasses

import pytest

from cocktail.method import LearnedMethod
from cocktail.plugins.registry import Registry
from cocktail.testing.bench import benches
from cocktail.testing.entries import probed
from cocktail.testing.learning import prepare
from cocktail.testing.probes import dependent_channels

REGISTRY = Registry()


def of_several_channels() -> list:
    """Entries; those that train or iterate are marked as slow."""
    found = []
    for name, entry in REGISTRY.entries.items():
        method = entry.make()
        spatial = "array" in method.needs or any(bench.info.channels > 1 for bench in benches(method))
        if spatial or entry.plugin.name == "wpe":
            long = isinstance(method, LearnedMethod) or entry.others or (spatial and hasattr(method, "iterations"))
            found.append(pytest.param(name, marks=[pytest.mark.slow] if long else []))
    return found


@pytest.mark.parametrize("name", of_several_channels())
def test_an_estimate_is_as_loud_as_what_was_heard(name, tmp_path):
    entry = probed(REGISTRY.entry(name), REGISTRY)
    trained = prepare(entry, tmp_path)
    for bench in benches(entry.method):
        bench = dataclasses.replace(bench, model=trained.model, bases=trained.bases, reads=trained.reads)
        assert dependent_channels(bench) == "no louder than what was heard"
