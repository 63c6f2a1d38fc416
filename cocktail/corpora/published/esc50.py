"""ESC-50: two thousand clips of fifty kinds of environmental sound.

K. J. Piczak, "ESC: dataset for environmental sound classification", ACM Multimedia 2015. Of the publisher's five folds,
whose recordings come from different sources, 1 to 3 train, 4 validates, 5 tests.
"""

import csv

from cocktail.corpora.layout import Archive, Corpus, Part, Recording
from cocktail.text import read_text

SPLITS = {"1": "train", "2": "train", "3": "train", "4": "valid", "5": "test"}


def find(root, part):
    """Clips that meta/esc50.csv names: audio/FILENAME, fold, category."""
    if not (root / "audio").is_dir():
        return
    for row in csv.DictReader(read_text(root / "meta" / "esc50.csv").splitlines()):
        path = root / "audio" / row["filename"]
        yield Recording(path.stem, path, SPLITS[row["fold"]], kind=row["category"])


CORPUS = Corpus(
    name="esc50",
    title="ESC-50: environmental sounds of fifty kinds, 44.1 kHz, 2.8 h (free)",
    kinds=("noise",),
    licence="CC BY-NC 3.0",
    home="https://github.com/karolpiczak/ESC-50",
    folder="ESC-50*",
    parts=(Part("audio", files=2000, archives=(Archive("https://github.com/karolpiczak/ESC-50/archive/master.zip"),)),),
    find=find,
    note="Kinds of noise: the categories of meta/esc50.csv. Some clips are silent for the most part.",
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
