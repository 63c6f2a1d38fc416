"""Estimates that another program made, brought into the shards of a suite as those of any entry are.

Each lies beside the digest of the mixture that it was made from. Where the scene has changed since, it is stale, and
its row says so.
"""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa

from cocktail import tables
from cocktail.processing.runner import failed

IMPORTED = pa.schema([("scene", pa.string()), ("sha256", pa.string()), ("estimate", pa.list_(tables.AUDIO))])
"""Estimates of one condition. `sha256`: `mixture_digest` of the mixture that they were made from."""


def mixture_digest(mixture: np.ndarray) -> str:
    """SHA-256 of (D, N) as a WAV file holds it: 32-bit floats, little-endian, the D channels of a sample together."""
    return hashlib.sha256(np.ascontiguousarray(mixture.T, "<f4").tobytes()).hexdigest()


def imported_shard(*, mixtures: str | Path, imported: str | Path, out: str | Path) -> None:
    """Write ESTIMATES rows for the scenes of the shard `mixtures` from the table `imported` of its condition.

    What they cost was measured by nobody, which their `device` says.
    """
    made = tables.read_by_scene(imported)
    scenes = tables.read_rows(mixtures, ["scene", "fs", "mixture"])
    tables.write_rows(out, [_row(scene, made.get(scene["scene"])) for scene in scenes], tables.ESTIMATES)


def _row(scene, made):
    name, mixture = scene["scene"], tables.unpack(scene["mixture"])
    if made is None:
        return failed(name, "stale: this scene was not there when the estimates were imported; export and import again")
    if made["sha256"] != mixture_digest(mixture):
        return failed(name, "stale: the scene has changed since the estimates were imported; export and import again")
    duration = mixture.shape[-1] / scene["fs"]
    return {"scene": name, "status": "ok", "estimate": made["estimate"], "duration": duration,
            "device": tables.ELSEWHERE}  # fmt: skip
