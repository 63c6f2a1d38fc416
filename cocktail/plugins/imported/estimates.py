"""Estimates that another program made of the suite's mixtures: nothing is run here, only scored.

Deviations: what the program may have learnt from is not known. It counts as trained elsewhere.
"""

from dataclasses import dataclass

from cocktail.method import Method


@dataclass(frozen=True)
class ImportedEstimates(Method):
    """One entry of `cocktail import`."""

    task = ("enhance", "separate")
    paradigm = "pretrained"

    conditions: tuple[str, ...] = ()
    """Those that there are estimates of."""

    def skip(self, info):
        return None if info.condition in self.conditions else "no estimates of this condition were imported"
