"""Every entry of the project, and every metric, meets the contract."""

import pytest

from cocktail.metrics.catalogue import METRICS
from cocktail.plugins.registry import Registry
from cocktail.testing.conformance import assert_conforms, check_metric
from cocktail.testing.entries import probed

LONG_S = 15.0
"""Length of the long signal here; `cocktail check` takes a minute. Iterative array methods grow with it."""


@pytest.mark.slow
@pytest.mark.parametrize("name", Registry().entries)
def test_entry_conforms(name):
    registry = Registry()
    assert_conforms(probed(registry.entry(name), registry), long_s=LONG_S, time_limit_s=300)


@pytest.mark.parametrize("name", METRICS)
def test_metric_conforms(name):
    failed = [f"{probe.name}: {probe.message}" for probe in check_metric(METRICS[name]) if not probe.ok]
    assert not failed
