"""CSV files as people write them: any usual separator, with or without a byte order mark; faults are told by line."""

import csv
import io
import unicodedata
from pathlib import Path

from cocktail.errors import CocktailError
from cocktail.text import read_text

SEPARATORS = ",;\t"
"""The first of them that the first line holds separates the values of a file."""


def read_csv(path: str | Path) -> list[tuple[int, list[str]]]:
    """Rows as (line, values), blank ones left out, spaces around values too. The first is the header, if there is one.

    Raises CocktailError where there is no such file or it is no text in Unicode, and, with the line, where a quotation
    mark is left open or a value holds control characters.
    """
    path = Path(path)
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise CocktailError(f"{path}: no such file") from None
    except OSError as error:
        raise CocktailError(f"{path}: cannot be read: {error.strerror}") from error
    first = next((line for line in text.split("\n") if line.strip()), "")
    separator = next((each for each in SEPARATORS if each in first), SEPARATORS[0])
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True, skipinitialspace=True)
    rows = []
    while True:
        line = reader.line_num + 1
        try:
            row = [value.strip() for value in next(reader)]
        except StopIteration:
            return rows
        except csv.Error as error:
            raise CocktailError(f"{path}:{line}: {error}: is a quotation mark left open?") from error
        if reader.line_num > line:
            message = f"a value goes on to line {reader.line_num}: is a quotation mark left open?"
            raise CocktailError(f"{path}:{line}: {message}")
        if control := [char for value in row for char in value if unicodedata.category(char) == "Cc" and char != "\t"]:
            raise CocktailError(f"{path}:{line}: holds the control character {control[0]!r}")
        if row not in ([], [""]):
            rows.append((line, row))
