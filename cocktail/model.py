"""The folder of a trained model: what `fit` left, and a card that says how the training ended."""

import json
from pathlib import Path

from cocktail.errors import CocktailError

CARD = "model.json"


def write_card(folder: Path, entry: str, error: str | None) -> None:
    """Say whose model lies in `folder`, and why there is none if its training failed."""
    (folder / CARD).write_text(json.dumps({"entry": entry, "error": error}) + "\n")


def training_error(folder: str | Path) -> str | None:
    """Why the training failed that left `folder`; None where it did not. Raises CocktailError where none has run."""
    path = Path(folder) / CARD
    if not path.is_file():
        raise CocktailError(f"no trained model at {folder}; run the suite first")
    return json.loads(path.read_text())["error"]


def read_model(folder: str | Path | None) -> Path:
    """The folder of a trained model. Raises CocktailError where its training failed or never ran."""
    error = training_error(folder or "(nowhere)")
    if error:
        raise CocktailError(error)
    return Path(folder)
