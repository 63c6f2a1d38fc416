"""Papers that a plugin's docstring cites."""

import re

PAPER = re.compile(r'"([^"]{12,}?),?"[,:]?\s+([^";]*?\b(?:19|20)\d\d)\b')
"""A title in quotation marks, and what follows it up to the year."""


def papers(docstring: str) -> list[tuple[str, str]]:
    """Title, and publication with its year, of every paper that a docstring cites."""
    text = " ".join(re.sub(r"(?<=\w)-\n\s*(?=\w)", "-", docstring).split())
    return PAPER.findall(text)
