"""Every kind of entry of the project, and every metric, meets the contract."""

import pytest

from cocktail.metrics.catalogue import METRICS
from cocktail.plugins.registry import Registry
from cocktail.testing.conformance import assert_conforms, check_metric
from cocktail.testing.entries import probed

LONG_S = 8.0
"""Length of the long signal here; `cocktail check` takes a minute. Iterative array methods grow with it."""


def unlike() -> list[str]:
    """Entries that differ from every earlier one in more than the values of numbers and what they build on."""
    first = {}
    for entry in Registry().entries.values():
        words = {key: ... if type(value) in (int, float) else value for key, value in entry.parameters.items()}
        built = (sorted(entry.uses), bool(entry.reads), entry.start is None, entry.model is None)
        first.setdefault(repr((entry.plugin.name, sorted(words.items()), built)), entry.name)
    return list(first.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", unlike())
def test_entry_conforms(name):
    registry = Registry()
    assert_conforms(probed(registry.entry(name), registry), long_s=LONG_S, time_limit_s=300)


@pytest.mark.parametrize("name", METRICS)
def test_metric_conforms(name):
    failed = [f"{probe.name}: {probe.message}" for probe in check_metric(METRICS[name]) if not probe.ok]
    assert not failed
