"""Digests that stand in a job's params, so that Snakemake reruns what an edit has changed, and only that.

The source digest of a stage covers the module it starts from and every project module that this imports, at any depth
and also inside functions. It is taken from the syntax tree without docstrings: comments and layout rerun nothing.
"""

import hashlib
import json


def digest(*things) -> str:
    """Twelve hexadecimal digits that identify JSON-like values."""
    text = json.dumps(things, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
