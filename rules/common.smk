"""The plan that every rule asks, and what its wildcards may be."""

import re
import sys

from cocktail.errors import CocktailError
from cocktail.plan import Plan

try:
    plan = Plan(config, source=str(workflow.configfiles[0]))
except CocktailError as error:
    sys.exit(f"cocktail: {error}")


wildcard_constraints:
    condition="|".join(map(re.escape, plan.all_conditions)),
    entry="|".join(map(re.escape, {*plan.entries, *plan.trained})),
    shard=r"\d+",
