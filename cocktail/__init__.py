"""Cocktail Bench: a benchmark of speech enhancement, separation and anti-spoofing."""

__version__ = "0.1.0"
