"""Cocktail Bench: a benchmark of speech enhancement, separation and anti-spoofing."""

from pathlib import Path

__version__ = "0.1.0"

ROOT = Path(__file__).resolve().parents[1]
"""Folder of the project: Snakefile, methods/ and config/ lie there."""
