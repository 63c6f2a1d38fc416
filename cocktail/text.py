"""Texts that people and programs write: lists of publishers, transcripts, tables, records."""

import codecs
from pathlib import Path

from cocktail.errors import CocktailError

MARK = "\ufeff"
"""Byte order mark; within a text, where files were put together, it is nothing that anybody sees."""
ENCODINGS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
"""What the mark looks like -> encoding, longer ones before those that they begin with; all else is UTF-8."""


def read_text(path: str | Path) -> str:
    """A text in UTF-8, or in what its byte order mark says; without marks, with plain line ends.

    Raises CocktailError with the line where it is in no such encoding, OSError where it cannot be read.
    """
    data = Path(path).read_bytes()
    encoding = next((encoding for mark, encoding in ENCODINGS.items() if data.startswith(mark)), "UTF-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CocktailError(f"{path}:{line}: not a text in {encoding} ({error.reason})") from error
    return text.replace(MARK, "").replace("\r\n", "\n").replace("\r", "\n")


def require_text(path: Path) -> None:
    """Raise CocktailError for a path that is no text: tables, records and stores cannot hold it."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise CocktailError(f"{path}: is no text in UTF-8; rename it") from None
