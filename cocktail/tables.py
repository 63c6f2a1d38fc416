"""Parquet files of the results tree: read, and written whole or not at all.

Audio lies in the column layout of Hugging Face data sets, a struct {bytes, path}, so that
`load_dataset("parquet", ...)` plays it. Only pyarrow is imported here: pandas costs a short job more than its work.
"""

import contextlib
import csv
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cocktail import audio
from cocktail.errors import CocktailError

AUDIO = pa.struct([("bytes", pa.binary()), ("path", pa.string())])

SPEECH = pa.schema([
    ("utterance", pa.string()), ("split", pa.string()), ("speaker", pa.string()), ("gender", pa.string()),
    ("text", pa.string()), ("fs", pa.int32()), ("n_samples", pa.int64()), ("cutoff_hz", pa.float64()), ("audio", AUDIO),
])  # fmt: skip
"""Isolated speech of a corpus. `text` is null where there is no transcript. `cutoff_hz`: above it a recording holds
nothing (cocktail.corpora.bandwidth); null where the speech was synthesised. `audio.bytes` is null and `audio.path` set
where the corpus lies on disk; `split` is train, valid or test, or closed (cocktail.corpora.holdout)."""

SPOOFS = SPEECH.append(pa.field("attack", pa.string()))
"""Isolated speech that claims to be of `speaker` and is not: see cocktail.spoofing."""

NOISE = pa.schema([
    ("recording", pa.string()), ("split", pa.string()), ("kind", pa.string()), ("label", pa.string()),
    ("fs", pa.int32()), ("n_samples", pa.int64()), ("cutoff_hz", pa.float64()), ("audio", AUDIO),
])  # fmt: skip
"""Isolated noise of a corpus. `label`: what a condition may ask a detector to tell of a recording; null elsewhere."""

MIXTURES = pa.schema([
    ("scene", pa.string()), ("condition", pa.string()), ("split", pa.string()), ("index", pa.int32()),
    ("fs", pa.int32()), ("channels", pa.int32()), ("n_sources", pa.int32()),
    ("array", pa.list_(pa.list_(pa.float64()))), ("mixture", AUDIO), ("enrolment", AUDIO),
    ("position", pa.list_(pa.float64())), ("speakers", pa.list_(pa.string())),
    ("pieces", pa.struct([("length_s", pa.float64()), ("overlap_s", pa.float64())])),
])  # fmt: skip
"""What methods may see of a scene. `array`: (D, 3) in metres relative to its centre. Of the first talker: `enrolment`,
another utterance, and `position`, in the array's axes; null where there is none. `speakers`: K names; null unless they
are known from training. `pieces`: a method sees so much of the mixture at once, and neighbouring pieces overlap; null
where it sees all."""

REFERENCES = pa.schema([
    ("scene", pa.string()), ("record", pa.string()), ("reference", pa.string()), ("label", pa.string()),
    ("text", pa.list_(pa.string())), ("speaker", pa.list_(pa.string())),
    ("images", pa.list_(AUDIO)), ("noise", AUDIO), ("early", pa.list_(AUDIO)), ("direct", pa.list_(AUDIO)),
])  # fmt: skip
"""The truth of a scene. `record`: the Scene as JSON. `images`: K files of D channels; `noise`: D channels; `early` and
`direct`: K files of microphone 1. `reference`: `image` or `early`, whichever an estimate is scored against. `label`:
`bonafide` or the attack's name; null where the condition has no attacks."""

ESTIMATES = pa.schema([
    ("scene", pa.string()), ("status", pa.string()), ("reason", pa.string()), ("estimate", pa.list_(AUDIO)),
    ("seconds", pa.float64()), ("duration", pa.float64()), ("peak_memory", pa.int64()), ("parameters", pa.int64()),
    ("device", pa.string()), ("latency_ms", pa.float64()), ("score", pa.float64()),
    ("embedding", pa.list_(pa.float32())), ("side_information", pa.int64()),
])  # fmt: skip
"""What a method made of a scene: K one-channel files, or a `score` (task `detect`) or an `embedding` (`verify`); or
`status` = failed with its reason. `seconds` of processing for `duration` seconds of audio; `peak_memory` in bytes above
the idle process; `latency_ms` of input it waits for; `side_information` in bytes."""

ELSEWHERE = "elsewhere"
"""`device` of estimates that another program made: nobody measured what they cost."""

TRIAL = pa.struct([
    ("kind", pa.string()), ("label", pa.string()), ("score", pa.float64()), ("enrolment", pa.string()),
])  # fmt: skip
"""One trial of a scene. `kind`: `asv`, a comparison with the speaker of the scene `enrolment` (label `target`,
`nontarget` or `spoof`), or `cm`, a detector's score (label `bonafide`, for other
sounds the one that is looked for, or the attack's or other sound's). A scene's `cm` trial stands before its others."""

VOICE = pa.struct([
    ("speaker", pa.string()), ("utterance", pa.string()), ("label", pa.string()), ("test", pa.list_(pa.float32())),
    ("enrolment", pa.list_(pa.float32())), ("test_cohort", pa.list_(pa.float32())),
    ("enrolment_cohort", pa.list_(pa.float32())), ("enrolled", pa.string()),
])  # fmt: skip
"""What trials of speaker verification are made of, once all scenes of a condition are there: see
cocktail.scoring.trials.Heard."""

SCORES = pa.schema([
    ("condition", pa.string()), ("scene", pa.string()), ("entry", pa.string()), ("source", pa.int32()),
    ("estimate", pa.int32()), ("metric", pa.string()), ("value", pa.float64()), ("status", pa.string()),
    ("reason", pa.string()), ("errors", pa.int64()), ("total", pa.int64()), ("trials", pa.list_(TRIAL)),
    ("voice", VOICE), ("card", pa.string()),
])  # fmt: skip
"""One number. `source` is null for figures of the whole scene; `estimate` is the one that was set against `source`, by
the permutation that all metrics of the scene share. `value` is null unless `status` is ok. Rates that are
pooled (wer) carry their counts in `errors` and `total`; what is pooled from trials (eer_asv) carries its `trials`, and
its value is the score of the first; in shards, `voice` stands for trials against scenes that may lie in another one.
`card`: digest of the metric's identity card."""


SCENES = pa.schema([
    ("condition", pa.string()), ("scene", pa.string()), ("noise", pa.string()), ("snr_db", pa.float64()),
    ("t60_s", pa.float64()), ("distance_m", pa.float64()), ("level_db", pa.float64()), ("genders", pa.string()),
    ("movement", pa.string()), ("degradation", pa.string()), ("overlap", pa.float64()),
])  # fmt: skip
"""What the scores of a scene may be stratified by (Scene.strata); null where the scene has no such thing."""


def write_table(path: str | Path, table: pa.Table) -> None:
    """Write `table` beside `path`, then rename: the file is whole or absent, also after a crash or on a full disk."""
    with replacing(Path(path)) as temporary:
        pq.write_table(table, temporary, compression="zstd")


@contextlib.contextmanager
def replacing(path: Path):
    """A temporary path in the folder of `path` that takes its place if the block ends well, and vanishes if not.

    Makes the folder. An OSError, as of a full disk, becomes a CocktailError that names `path`.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise CocktailError(f"{path}: could not be written: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_rows(path: str | Path, rows: Iterable[dict], schema: pa.Schema) -> None:
    """Write dictionaries as one Parquet file; a missing key is null."""
    write_table(path, pa.Table.from_pylist(list(rows), schema=schema))


def write_csv(path: str | Path, rows: Iterable[dict], columns: Sequence[str]) -> None:
    """Write a file of `dump_csv`, whole or not at all."""
    with replacing(Path(path)) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        dump_csv(file, rows, columns)


def dump_csv(file: TextIO, rows: Iterable[dict], columns: Sequence[str]) -> None:
    """Write columns of dictionaries as CSV: null is an empty field, floats have 6 significant digits, and the names of
    a list stand behind each other with spaces.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(map(_field, map(row.get, columns)) for row in rows)


def _field(x):
    return f"{x:.6g}" if isinstance(x, float) else " ".join(x) if isinstance(x, list) else x


def read_rows(path: str | Path, columns: list[str] | None = None) -> list[dict]:
    """Rows of a Parquet file as dictionaries. Raises CocktailError where it is missing or broken."""
    return read_table(path, columns).to_pylist()


def read_by_scene(path: str | Path) -> dict[str, dict]:
    """Scene -> its row, of a Parquet file with one row a scene. Raises CocktailError as `read_rows`."""
    return {row["scene"]: row for row in read_rows(path)}


def read_table(path: str | Path, columns: list[str] | None = None) -> pa.Table:
    """A Parquet file as an Arrow table. Raises CocktailError where it is missing or broken."""
    try:
        return pq.read_table(path, columns=columns, partitioning=None)
    except FileNotFoundError:
        raise CocktailError(f"{path}: no such file") from None
    except (OSError, pa.ArrowInvalid) as error:
        raise CocktailError(f"{path}: not a whole Parquet file ({error})") from error


def pack(x: np.ndarray, fs: int, name: str, subtype: str = "PCM_24") -> dict:
    """(D, N) or (N,) as an audio cell; `name` is the file name that an export gives it, without suffix."""
    data = audio.encode(x, fs, subtype)
    return {"bytes": data, "path": f"{name}.{'flac' if data[:4] == b'fLaC' else 'wav'}"}


def unpack(cell: dict) -> np.ndarray:
    """The (D, N) samples of an audio cell, from its bytes or, where it has none, from the file at its path."""
    if cell["bytes"] is None:
        return audio.read(cell["path"])[0]
    return audio.decode(cell["bytes"], cell["path"])[0]


def unpack_all(cells: Iterable[dict]) -> np.ndarray:
    """(K, N): the signals of several audio cells of one channel each, such as an estimate's."""
    return np.concatenate([unpack(cell) for cell in cells])
