"""The folder of a trained model: what `fit` left, and a card that says what was trained, and how that ended."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cocktail.errors import CocktailError
from cocktail.method import Bases
from cocktail.plugins.entry import from_spec

CARD = "model.json"


@dataclass(frozen=True)
class Card:
    """What a model folder says of itself."""

    entry: str
    suite: str
    fs: int
    parameters: dict[str, Any]
    """The entry's values that differ from its plugin's defaults, but for those of fields that calls alone read."""
    error: str | None = None
    """Why the training failed; None where it did not."""
    trained_on: dict[str, Any] = field(default_factory=dict)
    """What it heard, as Plan.trained_on says; what it is compared with by `check_model` is not in it."""

    def write(self, folder: Path) -> None:
        """Leave the card in a model folder."""
        (folder / CARD).write_text(json.dumps(asdict(self)) + "\n")


def read_card(folder: str | Path) -> Card:
    """The card of a model folder. Raises CocktailError where there is none."""
    path = Path(folder) / CARD
    if not path.is_file():
        cure = f"run the suite first, at least with --methods {path.parent.name}"
        raise CocktailError(f"no trained model at {folder}; {cure}")
    try:
        return Card(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise CocktailError(f"{path}: no card of a model ({error}); delete its folder and run again") from error


def is_trained(folder: str | Path) -> bool:
    """Whether a folder has a model whose training ended well."""
    try:
        return read_card(folder).error is None
    except CocktailError:
        return False


def check_model(spec: dict, folder: str | Path, *, suite: str, fs: int) -> None:
    """Raise CocktailError where no training ran or it failed, and where the model is not that of the entry (its own, or
    the one that its row names), another suite's, or was trained with other parameters. `spec`: Entry.spec.
    """
    card = read_card(folder)
    if card.error:
        raise CocktailError(card.error)
    parameters = json.loads(json.dumps(from_spec(spec).for_training().parameters))
    wanted = {"entry": spec.get("model", spec["name"]), "suite": suite, "fs": fs, "parameters": parameters}
    for name, value in wanted.items():
        if getattr(card, name) != value:
            raise CocktailError(
                f"the model at {folder} was trained for {name} {getattr(card, name)!r}, not {value!r}; "
                f"train it again: cocktail run {suite}"
            )


def load_model(spec: dict, folder: str | Path, *, suite: str, fs: int) -> Any:
    """What `load` of the entry returns. Raises CocktailError as `check_model`, and where the files cannot be read."""
    check_model(spec, folder, suite=suite, fs=fs)
    try:
        return from_spec(spec).make().load(Path(folder))
    except CocktailError:
        raise
    except Exception as error:  # a file that is cut short or foreign may raise anything
        reason = f"{type(error).__name__}: {error}"
        raise CocktailError(f"the model at {folder} cannot be read ({reason}); delete it and run again") from error


def load_bases(bases: dict[str, dict], *, suite: str, fs: int) -> Bases:
    """The models that an entry uses. `bases`: role -> {"spec", "model"}. Raises CocktailError that names the entry."""
    models = Bases()
    for role, base in bases.items():
        try:
            models[role] = load_model(base["spec"], base["model"], suite=suite, fs=fs)
        except CocktailError as error:
            raise CocktailError(f"it uses '{base['spec']['name']}': {error}") from error
    return models
