"""Entries whose trained models score the estimates of others, by their role in the suite.

`speaker` embeds a signal, `spoofing` tells how bona fide it is, `recogniser` writes down what it says. A further
detector, as in the role `spoofing.grcnn`, has rows of its own: `eer_cm.grcnn`. They run on the CPU whatever the machine
has, so that a board does not depend on it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cocktail.digest import files_digest, files_in
from cocktail.errors import CocktailError
from cocktail.method import View
from cocktail.metrics.metric import Unscorable
from cocktail.plugins.entry import from_spec
from cocktail.plugins.model import CARD, load_model
from cocktail.rng import rng
from cocktail.tasks import BY
from cocktail.training.history import HISTORY

UNUSED = (CARD, HISTORY, "*.checkpoint.pt")
"""Files of a model's folder that do not decide what the model does."""


class Scorer:
    """One entry with its model, which is read when it is first needed.

    `spec`: Entry.spec; `model`: the folder that its training left in the suite named `suite`.
    """

    def __init__(self, role: str, *, spec: dict, model: str | Path, suite: str):
        self.role, self.entry = role, spec["name"]
        self._spec, self._folder, self._suite = spec, Path(model), suite
        self._loaded: tuple | None = None
        self._failure: str | None = None

    def __call__(self, samples: np.ndarray, fs: int) -> Any:
        """What the entry returns for (N,) at `fs` Hz. Raises Unscorable where it cannot be made, or fails."""
        method, model = self._method(fs)
        view = View.of(method, {"model": model, "device": "cpu"}, fs=fs, rng=rng(0, self.entry, role="scorer"))
        try:
            return method(np.asarray(samples, float)[None], view)
        except Exception as error:  # a plugin may raise anything: the rows that need it fail
            raise Unscorable(self._reason(error)) from error

    def threshold(self, fs: int) -> float:
        """Score from which a detector accepts, as its model says. Raises Unscorable where it says none."""
        _, model = self._method(fs)
        try:
            return float(model.threshold)
        except (AttributeError, TypeError, ValueError) as error:
            raise Unscorable(self._reason(error)) from error

    def cohort(self, fs: int) -> np.ndarray:
        """(S, E) embeddings of unit length of speakers that a verifier was trained on. Raises Unscorable as
        `threshold`.
        """
        _, model = self._method(fs)
        try:
            return np.asarray(model.cohort, float)
        except (AttributeError, TypeError, ValueError) as error:
            raise Unscorable(self._reason(error)) from error

    def card(self) -> dict[str, str]:
        """What decides its answers: the entry, and a digest of its trained model."""
        used = [(name, path) for name, path in files_in(self._folder) if not any(map(path.match, UNUSED))]
        return {"role": self.role, "entry": self.entry, "model": files_digest(used)}

    def _method(self, fs):
        """The method and its model. A failure is remembered, so that every further scene fails at once."""
        if self._loaded is None and self._failure is None:
            try:
                method = from_spec(self._spec).make()
                self._loaded = method, load_model(self._spec, self._folder, suite=self._suite, fs=fs)
            except Exception as error:
                self._failure = self._reason(error)
        if self._loaded is None:
            raise Unscorable(self._failure)
        return self._loaded

    def _reason(self, error):
        kind = "" if isinstance(error, CocktailError) else f"{type(error).__name__}: "
        return f"scorer-failed: {self.entry}: {kind}{error}"


class Scorers(Mapping[str, Scorer]):
    """The scorers of a suite by role. `named`: role -> {"spec", "model", "suite"}, see Scorer."""

    def __init__(self, named: Mapping[str, dict] | None = None):
        self._scorers = {role: Scorer(role, **given) for role, given in (named or {}).items()}
        self._cards = {role: scorer.card() for role, scorer in self._scorers.items()}

    def __getitem__(self, role: str) -> Scorer:
        return self._scorers[role]

    def __iter__(self) -> Iterator[str]:
        return iter(self._scorers)

    def __len__(self) -> int:
        return len(self._scorers)

    def further(self, role: str | None) -> dict[str, Scorer]:
        """Entry -> scorer of those that play a role besides the first."""
        named = (name.partition(BY) for name in self._scorers)
        return {entry: self._scorers[f"{role}{BY}{entry}"] for of, _, entry in named if entry and of == role}

    def card(self, role: str | None) -> dict[str, str] | None:
        """What goes into the digest of a metric that the scorer of this role decides; None where there is none."""
        return self._cards.get(role)
