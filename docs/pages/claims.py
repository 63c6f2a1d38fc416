"""The claims of config/claims.yaml."""

from cocktail.boards.claims import CLAIMS, Step, read_claims
from cocktail.cli import list as listing
from cocktail.plugins.registry import Registry
from pages.markdown import code, codes, escape, page, table

INTRODUCTION = """\
What the literature says about the methods, as inequalities between figures of the boards. Every run judges each of them
by the interval of a paired test of the difference: *holds*, *fails*, *not distinguishable*, or *not run*. Of several
entries, the best one counts. A claim with a margin says that one is no worse than the other by more than that.
"""


def pages() -> dict[str, str]:
    """The page of all claims."""
    families = {name: entry.plugin.family for name, entry in Registry().entries.items()}
    conditions = {row["name"] for row in listing.conditions()}
    claims: dict[str, list] = {}
    for comparison in read_claims(entries=families, conditions=conditions):
        claims.setdefault(comparison.claim, []).append(comparison)
    later = sorted(
        {entry for group in claims.values() for comparison in group for entry in comparison.later - set(families)}
    )
    absent = f"Entries that are not there yet, so that their claims are *not run*: {codes(later)}." if later else ""
    parts = [part for name, group in claims.items() for part in _claim(name, group)]
    return {"reference/claims.md": page("# Claims", INTRODUCTION, f"They are in {code(CLAIMS.name)}. {absent}", *parts)}


def _claim(name, comparisons):
    first = comparisons[0]
    metric = (
        code(first.metrics[0])
        if len(first.metrics) == 1
        else f"gain of {code(first.metrics[1])} over {code(first.metrics[0])}"
    )
    yield f"## {code(name)} {{ #{name} }}"
    margin = f", with a margin of {first.margin:g}" if first.margin else ""
    yield f"{escape(first.text)}. By {metric}{margin}."
    rows = [
        (_side(c.better), _side(c.worse), codes(dict.fromkeys((*c.better.conditions, *c.worse.conditions))))
        for c in comparisons
    ]
    yield table(("better", "worse", "conditions"), rows)


def _side(step: Step):
    return codes(step.entries) or f"the best of the family {code(step.family)}"
