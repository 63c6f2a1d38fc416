"""Cards of the metrics: what cocktail.metrics declares, and what its modules say of definitions and limits."""

import importlib
import inspect
import pkgutil

from cocktail import metrics
from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.metric import Metric
from pages.markdown import code, escape, page, prose, table

INTRODUCTION = """\
`cocktail list metrics --json` prints these cards. The digest stands for the definition: it changes with every field
that changes the number, and is kept beside each score. [How scores are defined](../scores.md) says what they share.
"""
LEVELS = {
    "source": "one value for each talker; a scene's is their mean",
    "scene": "one value for each scene",
    "conversation": "one value for each conversation, of the streams that its pieces are stitched to",
    "trials": "computed from the trials of all scenes together",
}
POOLED = "from counts, which are added over talkers, trials and scenes; never averaged"


def pages() -> dict[str, str]:
    """The page of all metrics."""
    parts = [part for module in _modules() for part in _family(module)]
    return {"reference/metrics.md": page("# Metrics", INTRODUCTION, _overview(), *parts)}


def _modules():
    """Modules with metrics, in the order of the boards' columns."""
    names = [module.name for module in pkgutil.iter_modules(metrics.__path__)]
    modules = [importlib.import_module(f"cocktail.metrics.{name}") for name in names]
    order = list(METRICS)
    families = [module for module in modules if isinstance(getattr(module, "METRICS", None), tuple)]
    return sorted(families, key=lambda module: order.index(module.METRICS[0].name))


def _overview():
    rows = [
        (f"[`{name}`](#{name})", escape(card.unit), _better(card), _range(card), escape(card.citation))
        for name, card in METRICS.items()
    ]
    return table(("metric", "unit", "better", "range", "source"), rows)


def _family(module):
    summary, _, rest = inspect.getdoc(module).partition("\n")
    yield f"## {escape(summary).rstrip('.')}"
    yield prose(rest)
    for metric in module.METRICS:
        yield f"### {code(metric.name)} {{ #{metric.name} }}"
        yield table(("card", code(metric.digest)), _card(metric))


def _card(metric: Metric):
    tasks = [
        code(task) + (f" (with the suite's scorer {code(role)})" if role else "") for task, role in metric.tasks.items()
    ]
    limits = "" if metric.clamp is None else f"clamped to {metric.clamp[0]:g} ... {metric.clamp[1]:g}"
    rows = [
        ("unit", escape(metric.unit) or "none"),
        ("better", _better(metric)),
        ("range", _range(metric) + (f", {limits}" if limits else "")),
        ("for the tasks", ", ".join(tasks)),
        ("value", POOLED if metric.pooled else LEVELS[metric.level]),
        ("permutation", escape(metric.permutation)),
        ("definition", escape(metric.mode)),
        ("source", escape(metric.citation)),
        ("implementation", f"{escape(metric.implementation)}, version {escape(metric.version)}"),
        ("gain over `unprocessed`", code(f"{metric.name}_i") if metric.improvement else "not meaningful"),
    ]
    return [row for row in rows if row[1]]


def _better(metric):
    return "higher" if metric.higher_is_better else "lower"


def _range(metric):
    low, high = (None if bound is None else f"{bound:g}" for bound in (metric.low, metric.high))
    if low is None and high is None:
        return "unbounded"
    return f"{low} to {high}" if low and high else f"{low} and more" if low else f"{high} and less"
