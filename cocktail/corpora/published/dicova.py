"""DiCOVA, track 1: coughs of people with and without COVID-19.

A. Muguli et al., "DiCOVA Challenge: dataset, task, and baseline system for COVID-19 diagnosis using acoustics",
Interspeech 2021. Coughs are a kind of noise here, with labels for detectors: `positive` and `negative`, the publisher's
p and n. The first of the publisher's five folds is taken; its validation set is for the test, since the challenge's own
test has no labels, and every fifth recording of its training set is for validation.
"""

from cocktail.corpora.csv_file import read_csv
from cocktail.corpora.layout import Corpus, Part, Recording
from cocktail.errors import CocktailError
from cocktail.text import read_text

LABELS = {"p": "positive", "n": "negative"}
HELD_OUT = 5


def find(root, part):
    """AUDIO/NAME.flac for the names in LISTS/{train,val}_fold_1.txt, with the labels of metadata.csv (name, status)."""
    if not (root / part.name).is_dir():
        return
    labels = _labels(root / "metadata.csv")
    train, test = (read_text(root / "LISTS" / f"{name}_fold_1.txt").split() for name in ("train", "val"))
    splits = {name: "valid" if i % HELD_OUT == HELD_OUT - 1 else "train" for i, name in enumerate(sorted(train))}
    for name, split in (splits | dict.fromkeys(test, "test")).items():
        if name not in labels:
            raise CocktailError(f"{root / 'metadata.csv'}: no row for {name!r}, which the lists name")
        yield Recording(name, root / part.name / f"{name}.flac", split, kind="cough", label=labels[name])


def _labels(path):
    """Name of a recording -> label. Raises FileNotFoundError where there is no such file."""
    if not path.is_file():
        raise FileNotFoundError(2, "no such file", str(path))
    labels = {}
    for line, (name, status, *_) in read_csv(path)[1:]:
        if status not in LABELS:
            raise CocktailError(f"{path}:{line}: the status is {status!r}, not p or n")
        labels[name] = LABELS[status]
    return labels


CORPUS = Corpus(
    name="dicova",
    title="DiCOVA, track 1: coughs (on registration)",
    kinds=("noise",),
    licence="the challenge's terms",
    home="https://dicova2021.github.io",
    folder="DiCOVA_Train_Val_Data_Release",
    parts=(Part("AUDIO", files=1040),),
    find=find,
    note="Kind of noise: cough. Labels: positive, negative. Fold 1 of the publisher's five.",
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
