"""The conformance suite: whether a method, or a metric, meets the contract. Shipped for plugins of third parties.

    from cocktail.testing.conformance import assert_conforms

    def test_my_method():
        assert_conforms(MyMethod())

`cocktail check NAME` prints the same probes. They take seconds and need no corpus: the signals are synthesised.
"""

import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from cocktail.errors import CocktailError, printable
from cocktail.method import Method
from cocktail.testing.bench import ProbeError, benches, time_limit
from cocktail.testing.declaration import DECLARATION_PROBES
from cocktail.testing.learning import MOVED, Others, Probed, check_round_trip, fit_probed, train_others
from cocktail.testing.probes import PROBES

__all__ = ["Probe", "assert_conforms", "check_method", "check_metric", "probe_method"]


@dataclass(frozen=True)
class Probe:
    """The outcome of one probe."""

    name: str
    ok: bool
    message: str


def probe_method(
    method: Method | Probed,
    *,
    long_s: float = 60.0,
    time_limit_s: float = 120.0,
    device: str = "cpu",
) -> Iterator[Probe]:
    """Each probe of the contract, as it ends.

    The others that a Probed names are trained first. `long_s` is the length of the long signal, `time_limit_s` the
    time that each single probe may take (in the main thread; elsewhere there is no limit), `device` what a method that
    needs `gpu` is given. Stops early where going on makes no sense: the declaration is wrong, or training fails.
    """
    probed = method if isinstance(method, Probed) else Probed(method)
    method, limit = probed.method, _Limit(time_limit_s)
    for name, probe in DECLARATION_PROBES.items():
        yield limit.probe(name, probe, method, *([bool(probed.others)] if name == "attributes" else []))
        if name != "docstring" and not limit.ok:
            return
    yield limit.probe("skip", _applicable, method)
    if not limit.ok:
        return
    with tempfile.TemporaryDirectory() as folder:
        model, others = None, Others()
        if probed.others:
            trained: list[Others] = []
            yield limit.probe("fit what it builds on", _train_others, probed, Path(folder) / "others", device, trained)
            if not limit.ok:
                return
            (others,) = trained
        if method.learned():
            yield limit.probe("fit, save, load", _fit, probed, Path(folder), others, device)
            if not limit.ok:
                return
            model = method.load(Path(folder) / MOVED)
        for bench in benches(method):
            bench = replace(bench, model=model, bases=others.bases, reads=others.reads, device=device, long_s=long_s)
            suffix = f" ({bench.info.task})" if len(method.tasks()) > 1 else ""
            if method.learned():
                yield limit.probe(f"loaded twice{suffix}", check_round_trip, bench, Path(folder))
            for name, probe in PROBES.items():
                yield limit.probe(name + suffix, probe, bench)


def check_method(method: Method | Probed, **options) -> list[Probe]:
    """All probes of `probe_method`, with its options, as a list."""
    return list(probe_method(method, **options))


def assert_conforms(method: Method | Probed, **options) -> None:
    """Raise AssertionError that names each probe of `check_method` that failed."""
    failed = [probe for probe in check_method(method, **options) if not probe.ok]
    if failed:
        lines = "\n".join(f"  {probe.name}: {probe.message}" for probe in failed)
        name = type(method.method if isinstance(method, Probed) else method).__name__
        raise AssertionError(f"{name} does not meet the contract:\n{lines}")


def check_metric(metric, *, time_limit_s: float = 120.0) -> list[Probe]:
    """All probes of a metric (cocktail.metrics.metric.Metric): its card, range, direction, refusals, repeatability."""
    from cocktail.testing.metrics import PROBES

    limit = _Limit(time_limit_s)
    return [limit.probe(name, probe, metric) for name, probe in PROBES.get(metric.level, PROBES["source"]).items()]


class _Limit:
    """Runs probes under a time limit; `ok` is the outcome of the last one."""

    def __init__(self, seconds):
        self._seconds = seconds
        self.ok = True

    def probe(self, name, function, *args):
        try:
            with time_limit(self._seconds):
                message = function(*args)
        except (ProbeError, CocktailError, TimeoutError) as error:
            self.ok, message = False, str(error)
        except (Exception, SystemExit) as error:  # whatever a plugin raises is a finding, not the suite's own failure
            self.ok, message = False, f"raised {type(error).__name__}: {error} ({_where(error)})"
        else:
            self.ok = True
        return Probe(name, self.ok, printable(message))


def _applicable(method):
    return "; ".join(f"{b.info.task}: {b.info.channels} channel(s), {b.info.reference}" for b in benches(method))


def _train_others(probed, folder, device, trained):
    trained.append(train_others(probed, folder, device))
    return ", ".join(type(other.method).__name__ for other in probed.others)


def _fit(probed, folder, others, device):
    fit_probed(probed, folder, others=others, device=device)
    return "trained on synthetic sound, moved, loaded"


def _where(error):
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}, line {frame.lineno}"
