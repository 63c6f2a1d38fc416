"""Recordings on disk, listed in a CSV file: FLAC or WAV, any rate; of several channels the first is taken.

Every file is decoded when the corpus is built, so that a missing, broken or silent one is found before the run. All
faults are reported at once.
"""

import difflib
import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cocktail import audio
from cocktail.corpora.bandwidth import cutoff
from cocktail.corpora.csv_file import read_csv
from cocktail.errors import CocktailError, nearest, shortened
from cocktail.rng import shuffled
from cocktail.text import require_text

DESCRIPTION = "recordings on disk, listed in a CSV file (FLAC or WAV, any rate)"
KINDS = ("speech", "noise")
SPLITS = ("train", "valid", "test")

COLUMNS = {
    "path": "path",
    "speaker": "speaker",
    "text": "transcript",
    "gender": "gender",
    "kind": "label",
    "label": "label",
}
"""Value -> its column by default. Only `path` is required (and `kind` for noise). `label`: of noise that a detector is
to tell apart; its `kind` is then said by the option."""

SILENCE_DB = -80.0
"""A recording whose level, dB re full scale, is below this is an error; 16 bits end near -98."""
MAX_PROBLEMS = 10
ALIKE = 0.8
"""Names of columns that are as similar as this (difflib) are taken for one that was misspelt."""

_SECONDS = {"type": "number", "minimum": 0}
OPTIONS = {
    "type": "object",
    "properties": {
        "adapter": {"const": "folder"},
        "table": {"type": "string", "description": "The CSV file; $NAME and ${NAME} are environment variables."},
        "root": {"type": "string", "description": "Folder that paths are relative to; default the table's folder."},
        "split": {
            "description": "The split of all recordings, or shares of their speakers.",
            "oneOf": [
                {"enum": list(SPLITS)},
                {
                    "type": "object",
                    "properties": {split: {"type": "number", "exclusiveMinimum": 0, "maximum": 1} for split in SPLITS},
                    "minProperties": 1,
                    "additionalProperties": False,
                },
            ],
        },
        "where": {
            "description": "Keep rows whose column has one of the values.",
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {"type": ["string", "number", "boolean"]},
                "minItems": 1,
            },
        },
        "columns": {
            "description": f"Columns of the table; default {COLUMNS}.",
            "type": "object",
            "properties": {name: {"type": "string"} for name in COLUMNS},
            "additionalProperties": False,
        },
        "kind": {"type": "string", "description": "Kind of all the noise, instead of a column."},
        "language": {
            "type": "string",
            "pattern": "^[a-z]{2,3}$",
            "description": "Of the speech, as a code of ISO 639; default en. Passed to the recogniser.",
        },
        "min_s": _SECONDS | {"description": "Leave out recordings shorter than this."},
        "max_s": _SECONDS | {"description": "Leave out recordings longer than this."},
    },
    "required": ["adapter", "table", "split"],
    "additionalProperties": False,
}


@dataclass
class Problems:
    """Faults of a table, collected and raised as one error."""

    table: Path
    faults: list[str] = field(default_factory=list)

    def add(self, line: int, message: str) -> None:
        """`line` of the table, counted as an editor does."""
        self.faults.append(f"{self.table}:{line}: {message}")

    def check(self) -> None:
        """Raise CocktailError if there are any."""
        if self.faults:
            raise CocktailError("\n".join(shortened(self.faults, MAX_PROBLEMS)))


def rows(options: dict, *, kind: str, seed: int, fs: int, speech=None) -> Iterator[dict]:
    """Rows of the SPEECH or NOISE table (cocktail.tables). Audio stays where it is: `audio.bytes` is null.

    A recording without a speaker counts as a speaker of its own. Raises CocktailError with up to MAX_PROBLEMS faults,
    each with its line of the table.
    """
    table = expand(options["table"])
    root = expand(options["root"]) if "root" in options else table.parent
    lines, names = _read(table)
    columns = _columns(options, table, names, kind)
    if not lines:
        raise CocktailError(f"{table}: a line of headings and nothing below it; a recording is a line")
    lines = _select(lines, options.get("where", {}), table, names)
    recordings = _recordings(lines, columns, options, table, root, kind)
    if not recordings:
        raise CocktailError(f"{table}: no recording is left by `where`, `min_s` and `max_s`")
    splits = _splits(options["split"], sorted({row["speaker"] for row in recordings}), seed)
    for row in recordings:
        row["split"] = splits[row["speaker"]]
        if kind == "noise":
            row["recording"] = row.pop("utterance")
            del row["speaker"], row["text"], row["gender"]
        else:
            del row["kind"], row["label"]
        yield row


def files(options: dict, *, kind: str) -> list[Path]:
    """Files that the table names, whether they exist or not. Raises CocktailError where there is no table."""
    table = expand(options["table"])
    root = expand(options["root"]) if "root" in options else table.parent
    column = options.get("columns", {}).get("path", "path")
    return [root / (row.get(column) or "") for _, row in _read(table)[0]]


def fingerprint(options: dict) -> str:
    """String that identifies the table and its recordings (path, size and time of each) in the digest of a suite's
    corpora.

    Raises CocktailError where there is no table.
    """
    table = expand(options["table"])
    root = expand(options["root"]) if "root" in options else table.parent
    lines, _ = _read(table)
    column = options.get("columns", {}).get("path", "path")
    seen = hashlib.blake2b(f"{table} {root}".encode(), digest_size=8)
    for _, row in lines:
        path = root / (row.get(column) or "")
        stat = path.stat() if path.is_file() else None
        seen.update(repr((row, stat and (stat.st_size, stat.st_mtime_ns))).encode())
    return seen.hexdigest()


def expand(path: str) -> Path:
    """A path with its environment variables filled in. Raises CocktailError where one is not set."""
    for name in re.findall(r"\$(?:\{(\w+)\}|(\w+))", path):
        variable = name[0] or name[1]
        if not os.environ.get(variable):
            raise CocktailError(
                f"{path}: the environment variable {variable} is not set; it names a folder of recordings"
            )
    expanded = Path(os.path.expandvars(path)).expanduser().absolute()
    require_text(expanded)
    return expanded


def _read(table):
    """Rows of the CSV file as (line, {column: text}), and its columns."""
    (_, names), *lines = read_csv(table) or [(1, [])]
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise CocktailError(f"{table}: two columns are called {twice[0]!r}")
    problems = Problems(table)
    for line, row in lines:
        if len(row) != len(names):
            problems.add(line, f"the header names {len(names)} columns, this line has {len(row)}")
    problems.check()
    return [(line, dict(zip(names, row, strict=True))) for line, row in lines], names


def _columns(options, table, names, kind):
    """Value -> its column. A default column that the table lacks is left out if it is optional.

    Raises CocktailError where a column that is left out goes by a name like it, since what is in it would be lost.
    """
    chosen = options.get("columns", {})
    wanted = COLUMNS | chosen
    required = {"path", *chosen}
    if kind == "noise" and "kind" not in options:
        required.add("kind")
    for what in sorted(required):
        _check_column(wanted[what], table, names, f"for `{what}`")
    others = {name.casefold(): name for name in names if name and name not in wanted.values()}
    for what, column in wanted.items():
        alike = difflib.get_close_matches(column, others, n=1, cutoff=ALIKE) or [what] * (what in others)
        if column not in names and alike:
            other = others[alike[0]]
            raise CocktailError(
                f"{table}: the column {other!r} is not read: call it {column!r}, or say `columns: {{{what}: {other}}}`"
            )
    return {what: column for what, column in wanted.items() if column in names}


def _select(lines, where, table, names):
    for column, values in where.items():
        _check_column(column, table, names, "named in `where`")
        present, values = sorted({row[column] for _, row in lines}), [str(value) for value in values]
        for value in values:
            if value not in present:
                raise CocktailError(f"{table}: no row has {value!r} in the column {column!r}{nearest(value, present)}")
        lines = [(line, row) for line, row in lines if row[column] in values]
    return lines


def _check_column(column, table, names, use):
    if column not in names:
        close = nearest(column, names) or "."
        raise CocktailError(
            f"{table}: no column {column!r} ({use}){close} Its first line has {', '.join(names) or 'none'}"
        )


def _recordings(lines, columns, options, table, root, kind):
    """Rows of the valid recordings within the limits of length, still without a split."""
    problems, seen, recordings = Problems(table), {}, []
    names = _names([row[columns["path"]] for _, row in lines])
    for line, row in lines:
        cell = {what: row[column] or None for what, column in columns.items()}
        if cell["path"] is None:
            problems.add(line, f"no path in the column {columns['path']!r}")
            continue
        path = root / cell["path"]
        if not Path(cell["path"]).name:
            problems.add(line, f"{cell['path']}: not the path of a file")
            continue
        if (same := identity(path)) in seen:
            problems.add(line, f"{cell['path']}: already in line {seen[same]}")
            continue
        seen[same] = line
        noise_kind = options.get("kind", cell.get("kind"))
        if kind == "noise" and noise_kind is None:
            problems.add(line, f"{cell['path']}: no kind in the column {columns['kind']!r}")
            continue
        try:
            fs, n_samples, cutoff_hz = examine(path)
        except CocktailError as error:
            problems.add(line, str(error))
            continue
        if options.get("min_s", 0.0) <= n_samples / fs <= options.get("max_s", np.inf):
            recordings.append({
                "utterance": names[cell["path"]],
                "speaker": cell.get("speaker") or names[cell["path"]],
                "gender": cell.get("gender"),
                "text": cell.get("text"),
                "kind": noise_kind,
                "label": cell.get("label"),
                "fs": fs,
                "n_samples": n_samples,
                "cutoff_hz": cutoff_hz,
                "audio": {"bytes": None, "path": str(path)},
            })  # fmt: skip
    problems.check()
    return recordings


def identity(path: Path) -> tuple:
    """Equal for all names of one file, hard links and other spellings among them."""
    try:
        stat = path.stat()
    except OSError:
        return (str(path.resolve()),)
    return stat.st_dev, stat.st_ino


def _names(paths):
    """Path -> name of the recording: the path without its suffix, unless another one differs in the suffix alone."""
    short = {path: Path(path).with_suffix("").as_posix() if Path(path).name else path for path in paths}
    shared = Counter(short.values())
    return {path: name if shared[name] == 1 else path for path, name in short.items()}


def examine(path: Path) -> tuple[int, int, float]:
    """Rate in Hz and samples of a recording, decoded to its end, and the frequency above which it holds nothing.

    Raises CocktailError where it is missing, broken, not finite or silent, which a constant is, too.
    """
    x, fs = audio.read(path)
    if not np.isfinite(x[0]).all():
        raise CocktailError(f"{path}: has samples that are not finite numbers")
    power = np.var(x[0]) if x.shape[1] else 0.0
    if power < 10 ** (SILENCE_DB / 10):
        raise CocktailError(f"{path}: silent (its level is below {SILENCE_DB:g} dB re full scale)")
    return fs, x.shape[1], cutoff(x[0], fs)


def _splits(split, speakers, seed):
    """Speaker -> split: the given one, or shares of the speakers, in the order of a hash of their names."""
    if isinstance(split, str):
        return dict.fromkeys(speakers, split)
    if abs(sum(split.values()) - 1) > 1e-6:
        raise CocktailError(f"the shares of `split` add up to {sum(split.values()):g} and not to 1: {split}")
    if len(speakers) < len(split):
        raise CocktailError(f"{len(speakers)} speakers are too few for {', '.join(split)}")
    ordered = shuffled(speakers, seed)
    edges = np.round(np.cumsum(list(split.values())) * len(ordered)).astype(int)
    for i in range(len(edges)):  # however small a share, every split gets a speaker, and leaves one for each after it
        edges[i] = min(max(edges[i], edges[i - 1] + 1 if i else 1), len(ordered) - len(split) + i + 1)
    return {name: list(split)[np.searchsorted(edges, i, side="right")] for i, name in enumerate(ordered)}
