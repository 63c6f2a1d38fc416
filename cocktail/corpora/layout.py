"""A corpus as its publisher ships it: its parts, where its recordings lie, and how they become rows.

One module of cocktail.corpora.published describes one corpus: a `Corpus`, with a function that finds the recordings of
a part. Splits are the publisher's. If there are none, or if they share speakers, the module says what is done instead.
"""

import fnmatch
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cocktail.corpora.folder import MAX_PROBLEMS, examine, expand
from cocktail.errors import CocktailError, shortened
from cocktail.rng import shuffled
from cocktail.text import require_text

DATA = "COCKTAIL_DATA"
"""Environment variable with the folder of corpora."""

OF_MIXTURE = "#"
"""`X#1` and `X#2` are the talkers of the publisher's mixture X. Its noise, where it has any, is the recording X."""


@dataclass(frozen=True)
class Archive:
    """A file to download. `md5`: None where the publisher gives no checksum, or none that is known here."""

    url: str
    md5: str | None = None


@dataclass(frozen=True)
class Part:
    """A part of a corpus, present or not. `files`: number of its recordings; None where it is not known."""

    name: str
    split: str | None = None
    files: int | None = None
    archives: tuple[Archive, ...] = ()


@dataclass(frozen=True)
class Recording:
    """A recording that a part should hold. `less`: file to subtract from it, which gives a mixture's noise.

    A recording without a split is counted and not read.
    """

    name: str
    path: Path
    split: str | None
    speaker: str | None = None
    gender: str | None = None
    text: str | None = None
    kind: str | None = None
    """Kind of noise; None for speech."""
    label: str | None = None
    """Of noise: what a condition may ask a detector to tell."""
    less: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that it is made of."""
        return (self.path,) if self.less is None else (self.path, self.less)

    @property
    def mixture(self) -> str:
        """The mixture that it belongs to; its own name where there is none."""
        return self.name.rpartition(OF_MIXTURE)[0] or self.name


@dataclass(frozen=True)
class Corpus:
    """An adapter of cocktail.corpora for a corpus on disk.

    `find(root, part)` yields the Recordings of a part that is present: all that the publisher's lists name, whether
    they exist or not. It raises FileNotFoundError where a list is missing. `folder`: pattern of the folder that the
    archives unpack to. `default`: parts that are read unless others are named; empty for all that are present.
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    licence: str
    home: str
    parts: tuple[Part, ...]
    find: Callable[[Path, Part], Iterable[Recording]]
    folder: str = ""
    default: tuple[str, ...] = ()
    note: str = ""

    @property
    def path(self) -> str:
        """Its default path."""
        return f"${{{DATA}}}/{self.name}"

    def options(self) -> dict:
        """JSON schema of a part of a suite's corpora."""
        seconds = {"type": "number", "minimum": 0}
        names = [part.name for part in self.parts]
        return {
            "type": "object",
            "properties": {
                "adapter": {"const": self.name},
                "path": {"type": "string", "description": f"Its folder; default {self.path}."},
                "parts": {
                    "description": f"Parts to read; default {', '.join(self.default) or 'all that are present'}.",
                    "type": "array",
                    "items": {"enum": names},
                    "minItems": 1,
                    "uniqueItems": True,
                },
                "at_most": {
                    "description": "Recordings (of mixtures: mixtures) of each split, chosen by the suite's seed.",
                    "type": "integer",
                    "minimum": 1,
                },
                "partial": {
                    "description": "Read a part that has fewer files than its publisher ships; default false.",
                    "type": "boolean",
                },
                "min_s": seconds | {"description": "Leave out recordings shorter than this."},
                "max_s": seconds | {"description": "Leave out recordings longer than this."},
            },
            "required": ["adapter"],
            "additionalProperties": False,
        }

    def root(self, path: Path) -> Path:
        """The corpus's own folder: `path`, or the folder in it that the archives unpack to."""
        inside = sorted(path.glob(self.folder)) if self.folder else []
        return next((folder for folder in inside if folder.is_dir()), path)

    def above(self, path: Path) -> Path:
        """The folder to unpack archives in: `path`, or the one above it if `path` is what they unpack to."""
        own = bool(self.folder) and fnmatch.fnmatchcase(path.name, self.folder) and self.root(path) == path
        return path.parent if own else path

    def recordings(self, root: Path, part: Part) -> list[Recording]:
        """The recordings of a part; none if it is absent. Raises CocktailError where a list is missing."""
        try:
            return list(self.find(root, part))
        except FileNotFoundError as error:
            raise CocktailError(f"{error.filename}: no such file; it belongs to {self.name} ({self.home})") from None

    def read(self, options: dict) -> list[Recording]:
        """Recordings with a split of the parts that a suite wants.

        Raises CocktailError where a part that the suite names is absent, where it names none and all are absent, or
        where a part has fewer files than its publisher ships and the suite does not say `partial`.
        """
        root = self.root(expand(options.get("path", self.path)))
        wanted = options.get("parts", self.default)
        recordings = {
            part.name: self.recordings(root, part) for part in self.parts if not wanted or part.name in wanted
        }
        absent = [name for name in wanted if not recordings[name]] if "parts" in options else []
        if absent or not any(recordings.values()):
            names = ", ".join(absent) or "no part"
            raise CocktailError(
                f"{root}: {names} {'not found' if absent else 'found'}: "
                f"`cocktail corpora check {self.name} {root}` says what is missing and where to get it"
            )
        if not options.get("partial"):
            self._check_numbers(root, recordings)
        return [recording for part in recordings.values() for recording in part if recording.split is not None]

    def _check_numbers(self, root, recordings):
        short = []
        for part in self.parts:
            files = {file for recording in recordings.get(part.name, ()) for file in recording.files}
            there = sum(file.is_file() for file in files)
            if files and there < (part.files or 0):
                short.append(f"{part.name} has {there} of {part.files} files")
        if short:
            raise CocktailError(
                f"{root}: {', '.join(short)}: `cocktail corpora check {self.name} {root}` says what is missing; "
                "`partial: true` reads what is there"
            )

    def rows(self, options: dict, *, kind: str, seed: int, fs: int, speech=None) -> Iterator[dict]:
        """Rows of the SPEECH or NOISE table (cocktail.tables). Audio stays where it is, except noise that is computed.

        Raises CocktailError with up to MAX_PROBLEMS recordings that are missing, broken or silent.
        """
        recordings = [
            recording for recording in self.read(options) if (recording.kind is not None) == (kind == "noise")
        ]
        problems, n_rows = [], 0
        for recording in _chosen(recordings, options.get("at_most"), seed):
            try:
                row = self._row(recording, fs)
            except CocktailError as error:
                problems.append(str(error))
                continue
            if options.get("min_s", 0.0) <= row["n_samples"] / row["fs"] <= options.get("max_s", float("inf")):
                n_rows += 1
                yield row
        if problems:
            raise CocktailError("\n".join(shortened(problems, MAX_PROBLEMS)))
        if not n_rows:
            raise CocktailError(f"{self.name}: no recording of {kind} is left by `parts`, `min_s` and `max_s`")

    def files(self, options: dict, *, kind: str) -> list[Path]:
        """Recordings of speech, or of noise, that a suite wants. Raises CocktailError as `read`."""
        return [each.path for each in self.read(options) if (each.kind is not None) == (kind == "noise")]

    def fingerprint(self, options: dict) -> str:
        """String that identifies the recordings (path, size and time of each) in the digest of a suite's corpora."""
        seen = hashlib.blake2b(digest_size=8)
        for recording in self.read(options):
            stats = [path.stat() if path.is_file() else None for path in recording.files]
            sizes = [stat and (stat.st_size, stat.st_mtime_ns) for stat in stats]
            seen.update(repr((recording, sizes)).encode())
        return seen.hexdigest()

    def adapter(self):
        """DESCRIPTION, KINDS, OPTIONS, rows, files and fingerprint of its module, for cocktail.corpora.adapters."""
        return self.title, self.kinds, self.options(), self.rows, self.files, self.fingerprint

    def _row(self, recording, fs):
        for path in recording.files:
            require_text(path)
        if recording.less is None:
            rate, n_samples, cutoff_hz = examine(recording.path)
            audio = {"bytes": None, "path": str(recording.path)}
        else:
            rate, n_samples, cutoff_hz, audio = _difference(recording, fs)
        about = {"fs": rate, "n_samples": n_samples, "cutoff_hz": cutoff_hz, "audio": audio}
        row = {"split": recording.split} | about
        if recording.kind is not None:
            return row | {"recording": recording.name, "kind": recording.kind, "label": recording.label}
        speaker = f"{self.name}-{recording.speaker or recording.name}"
        said = {"speaker": speaker, "gender": recording.gender, "text": recording.text}
        return row | said | {"utterance": recording.name}


def by_turns(names: Iterable[str]) -> dict[str, str]:
    """A split for corpora that have none: of names in order, every fifth is for the test, one in ten for validation."""
    return {name: ("test" if i % 5 == 4 else "valid" if i % 10 == 7 else "train") for i, name in enumerate(names)}


def _chosen(recordings, at_most, seed):
    """`at_most` mixtures (or recordings) of each split, the first in the order of a hash of their names."""
    if at_most is None:
        return recordings
    mixtures: dict[str, set[str]] = {}
    for recording in recordings:
        mixtures.setdefault(recording.split, set()).add(recording.mixture)
    kept = {split: set(shuffled(names, seed)[:at_most]) for split, names in mixtures.items()}
    return [recording for recording in recordings if recording.mixture in kept[recording.split]]


def _difference(recording, fs):
    """Rate, samples, cut-off and audio cell of a recording less another, first channels, at `fs` Hz at most."""
    from cocktail import audio, tables
    from cocktail.corpora.bandwidth import cutoff

    (x, rate), (less, rate_less) = audio.read(recording.path), audio.read(recording.less)
    if (x.shape[1], rate) != (less.shape[1], rate_less):
        raise CocktailError(
            f"{recording.path}: {x.shape[1]} samples at {rate} Hz, "
            f"and {recording.less} has {less.shape[1]} at {rate_less} Hz"
        )
    lower = min(rate, fs)
    difference = audio.resample(x[0] - less[0], rate, lower)
    return (
        lower,
        len(difference),
        cutoff(difference, lower),
        tables.pack(difference, lower, recording.name.replace("/", "-")),
    )
