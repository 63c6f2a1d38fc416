"""The plan that every rule asks, and what its wildcards may be."""

import atexit
import gc
import re
import sys

from cocktail.errors import CocktailError
from cocktail.workflow.files import SPLITS, TEST
from cocktail.workflow.plan import Plan
from cocktail.workflow.wildcards import of_wildcards

# A DAG is millions of objects that live as long as Snakemake does. Looking through them for garbage is a quarter of the
# time that it takes to make one, and taking them apart at the end a seventh, which the system does at once.
gc.set_threshold(100_000, 50, 1000)
atexit.register(gc.freeze)

try:
    plan = Plan(config, source=str(workflow.configfiles[0]))
except CocktailError as error:
    sys.exit(f"cocktail: {error}")


storage_used = workflow.storage_settings.default_storage_provider is not None


def board(*parts):
    """A file of the boards, which stay below the working directory, wherever a storage keeps the shards."""
    return local(plan.board(*parts))


if storage_used:

    localrules:  # what they leave must lie on the machine where the suite was started
        leaderboard,
        claims,
        report,
        track,


wildcard_constraints:
    condition="|".join(map(re.escape, plan.all_conditions)),
    entry="|".join(map(re.escape, plan.at_work)),
    shard=r"\d+",
    microphones="first|all",
    split="|".join(SPLITS),
