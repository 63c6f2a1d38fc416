"""DiCOVA, track 1: coughs of people with and without COVID-19.

A. Muguli et al., "DiCOVA Challenge: dataset, task, and baseline system for COVID-19 diagnosis using acoustics",
Interspeech 2021. Coughs are a kind of noise here: no method of this benchmark diagnoses. The first of the publisher's
five folds is taken; its validation set is for the test, since the challenge's own test has no labels.
"""

from cocktail.corpora.layout import Corpus, Part, Recording
from cocktail.text import read_text

LISTS = {"train_fold_1": "train", "val_fold_1": "test"}


def find(root, part):
    """AUDIO/NAME.flac for the names in LISTS/{train,val}_fold_1.txt."""
    if not (root / part.name).is_dir():
        return
    for name, split in LISTS.items():
        for recording in read_text(root / "LISTS" / f"{name}.txt").split():
            yield Recording(recording, root / part.name / f"{recording}.flac", split, kind="cough")


CORPUS = Corpus(
    name="dicova",
    title="DiCOVA, track 1: coughs (on registration)",
    kinds=("noise",),
    licence="the challenge's terms",
    home="https://dicova2021.github.io",
    folder="DiCOVA_Train_Val_Data_Release",
    parts=(Part("AUDIO", files=1040),),
    find=find,
    note="Kind of noise: cough. Fold 1 of the publisher's five.",
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
