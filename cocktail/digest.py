"""Short digests of JSON-like values and of files."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

PIECE_BYTES = 1 << 20


def digest(*things) -> str:
    """Twelve hexadecimal digits that identify JSON-like values."""
    text = json.dumps(things, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def files_digest(files: Iterable[tuple[str, Path]], *, at_most: int | None = None) -> str:
    """Twelve hexadecimal digits that identify files, each with a name, by their sizes and contents.

    at_most: bytes of each file that are read, where the whole is too much.
    """
    total = hashlib.blake2b(digest_size=6)
    for name, path in files:
        total.update(f"{name} {path.stat().st_size} ".encode())
        left = path.stat().st_size if at_most is None else at_most
        with path.open("rb") as file:
            while left > 0 and (piece := file.read(min(left, PIECE_BYTES))):
                total.update(piece)
                left -= len(piece)
    return total.hexdigest()


def files_in(folder: str | Path) -> list[tuple[str, Path]]:
    """Every file under a folder with its name in it, sorted."""
    folder = Path(folder)
    return sorted((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())
