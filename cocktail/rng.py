"""Random generators keyed by what they are for.

A generator depends on its identity alone (suite seed, condition, split, index, role), never on how many others were
drawn before it, so that scene 17 is the same whether 20 or 2,000 are made, in any order, on any worker.
"""

import hashlib
from collections.abc import Iterable

import numpy as np


def rng(seed: int, *identity: str | int, role: str) -> np.random.Generator:
    """Generator for one role of one thing.

    Two generators with any differing part are independent. Parts are told apart by type as well as by text, so that
    ("1", 2) and ("12",) do not collide.
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in (seed, *identity, role))
    digest = hashlib.blake2b(
        text.encode(errors="surrogateescape"), digest_size=16
    ).digest()  # a file's name may be no text
    return np.random.default_rng(int.from_bytes(digest, "little"))


def shuffled(names: Iterable[str], seed: int) -> list[str]:
    """Names in the order of a hash of seed and name: a name that is added or left out moves no two others."""
    return sorted(names, key=lambda name: hashlib.blake2b(f"{seed}:{name}".encode()).digest())
