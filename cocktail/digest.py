"""Short digests of JSON-like values."""

import hashlib
import json


def digest(*things) -> str:
    """Twelve hexadecimal digits that identify JSON-like values."""
    text = json.dumps(things, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
