"""What a suite would cost, from what others cost (cocktail.workflow.costs).

A job costs what its like cost: for the same condition and entry if that was measured, otherwise for the nearest thing
that was, which is said. What grows with the amount is scaled by it, what every job pays is not. Trainings are scaled
by what their fields say of them (LearnedMethod.workload): time = amount (a + b size), a and b by non-negative least
squares of relative errors over all measured trainings of the plugin. Times on a CPU tell nothing of times on a GPU but
an upper bound: where a GPU is planned and none was measured, they are given as such.

What has no measured basis is unknown, never nothing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cocktail.workflow.costs import Cost, Costs, judged, known_costs
from cocktail.workflow.job_groups import Group, groups
from cocktail.workflow.plan import Plan

LIKE: dict[str, tuple[tuple[str, ...], ...]] = {
    "scenes": (("condition",), ("task",)),
    "rooms": (("condition",), ()),
    "process": (("condition", "entry"), ("entry",), ("condition", "plugin"), ("plugin",)),
    "score": (("condition", "entry"), ("condition",), ("task",)),
}
"""Rule -> what a measured group must have in common with a planned one, the nearest first; nothing for other rules."""

SHORT_S = 10.0
"""A training of fewer seconds of work is mostly its beginning ..."""
FAR = 100.0
"""... and tells nothing of one that takes this many times as long."""


@dataclass(frozen=True)
class Estimate:
    """What the jobs of one group would cost."""

    group: Group
    cpu_s: float = 0.0
    gpu_s: float = 0.0
    n_bytes: float = 0.0
    basis: str | None = None
    """The suite that was measured; None: unknown, and the figures mean nothing."""
    exact: bool = False
    """Whether the very same was measured, but for the amount."""
    at_cpu_speed: bool = False
    """Whether `gpu_s` is what a CPU took."""
    reason: str = ""
    """Why it is unknown."""


def estimate(plan: Plan, known: Sequence[Costs]) -> list[Estimate]:
    """One estimate a group of the plan's jobs, from the first of `known` that has its like.

    Those with the same corpora go before others, whose scenes have other lengths.
    """
    known = sorted(known, key=lambda costs: costs.corpora != plan.config["corpora"])
    wanted = set(judged(plan))
    return [_estimate(plan, group, known, wanted) for group in groups(plan)]


def _estimate(plan, group: Group, known: Sequence[Costs], wanted: set[str]) -> Estimate:
    rule = group.rule
    if rule == "train":
        return _training(group, known)
    for attributes in LIKE.get(rule, ((),)):
        for costs in known:
            if rule == "score" and not wanted <= set(costs.judged):
                continue
            same_corpora = costs.corpora == plan.config["corpora"]
            if rule == "corpora" and not same_corpora and group.amount != group.amount:
                continue  # recordings that are read: nothing tells how many there are
            like = [
                cost
                for cost in costs.costs
                if cost.rule == rule and all(getattr(cost, name) == getattr(group, name) for name in attributes)
            ]
            if like := _on_the_device(group, like):
                return replace(
                    _scaled(group, like),
                    basis=costs.suite,
                    exact=same_corpora
                    and attributes == LIKE.get(rule, ((),))[0]
                    and {x.size for x in like} == {group.size},
                )
    return Estimate(group, reason=_why_unknown(rule, known, wanted))


def costs_a_job(plan: Plan) -> dict[str, float]:
    """Rule -> CPU seconds of one of its jobs on average, by all that is known; without unknown ones."""
    jobs, cpu_s = Counter(), Counter()
    for each in estimate(plan, known_costs(plan)):
        if each.basis and each.group.jobs:
            jobs[each.group.rule] += len(each.group.jobs)
            cpu_s[each.group.rule] += each.cpu_s
    return {rule: cpu_s[rule] / count for rule, count in jobs.items()}


def _why_unknown(rule, known, wanted) -> str:
    if rule == "score" and known and all(not wanted <= set(costs.judged) for costs in known):
        missing = sorted(wanted - set().union(*(costs.judged for costs in known)))
        return f"not measured: {', '.join(missing) or 'these metrics together'}"
    return "nothing like it was measured"


def _on_the_device(group: Group, costs: list[Cost]) -> list[Cost]:
    """Those that were measured on the kind of device that is planned; for a GPU a CPU's, if there are no others."""
    matching = [cost for cost in costs if cost.gpu == group.gpu]
    return matching or (costs if group.gpu else [])


def _scaled(group: Group, like: list[Cost]) -> Estimate:
    """From groups that do the same: by amount and size of the model, and by the number of jobs."""
    jobs, work_s = sum(cost.jobs for cost in like), sum(cost.work_s for cost in like)
    measured = sum(cost.amount * cost.size for cost in like if cost.amount is not None)
    factor = group.amount * group.size / measured if measured and group.amount == group.amount else 1.0
    each_s = sum(cost.cpu_s - cost.work_s for cost in like) / jobs
    cpu_s = each_s * len(group.jobs) + work_s * factor
    n_bytes = sum(cost.n_bytes for cost in like)
    amounts = sum(cost.amount for cost in like if cost.amount is not None)
    if amounts and group.amount == group.amount:
        n_bytes *= group.amount / amounts
    return Estimate(group, cpu_s, n_bytes=n_bytes, **_gpu(group, cpu_s, like))


def _gpu(group, cpu_s, like) -> dict:
    """What occupies a GPU: the wall-clock time of the jobs, or where a CPU was measured its own."""
    if not group.gpu:
        return {}
    if not like[0].gpu:
        return {"gpu_s": cpu_s, "at_cpu_speed": True}
    return {"gpu_s": cpu_s * sum(cost.wall_s for cost in like) / sum(cost.cpu_s for cost in like)}


def _training(group: Group, known: Sequence[Costs]) -> Estimate:
    of_plugin = [
        (costs.suite, cost)
        for costs in known
        for cost in costs.costs
        if cost.rule == "train" and cost.plugin == group.plugin and cost.amount and cost.work_s > 0
    ]
    trained = _on_the_device(group, [cost for _, cost in of_plugin])
    if not trained or group.amount != group.amount:
        reason = (
            f"no training of {group.plugin} was measured"
            if not trained
            else f"{group.plugin} does not say what its training depends on (`effort`)"
        )
        return Estimate(group, reason=reason)
    work_s = group.amount * _rate(trained, group.size)
    longest = max(trained, key=lambda cost: cost.work_s)
    if longest.work_s < SHORT_S and work_s > FAR * longest.work_s:
        return Estimate(group, reason=f"trainings of {group.plugin} were measured for {longest.work_s:.0f} s only")
    cpu_s = work_s + sum(cost.cpu_s - cost.work_s for cost in trained) / len(trained)
    exact = any((cost.entry, cost.amount, cost.size) == (group.entry, group.amount, group.size) for cost in trained)
    return Estimate(
        group,
        cpu_s,
        n_bytes=longest.n_bytes * group.size / longest.size,
        basis=", ".join(dict.fromkeys(suite for suite, cost in of_plugin if cost in trained)),
        exact=exact,
        **_gpu(group, cpu_s, trained),
    )


def _rate(trained: list[Cost], size: float) -> float:
    """Seconds of work for an amount of one with a model of that size: a + b size."""
    import numpy as np
    from scipy.optimize import nnls

    sizes = np.array([cost.size for cost in trained])
    each = np.array([cost.amount / cost.work_s for cost in trained])
    if sizes.max() < 1.1 * sizes.min():  # one size: all of its time may be the model's
        return float(size / sizes.mean() / each.mean())
    # Each line of the system is one training, over its own time: relative errors are what is squared.
    scale = sizes.max()
    (a, b), _ = nnls(np.stack([each, each * sizes / scale], axis=1), np.ones(len(trained)))
    return float(a + b * size / scale)
