"""WSJ0 (CSR-I): read newspaper, 5,000 and 20,000 words.

D. B. Paul and J. M. Baker, "The design for the Wall Street Journal-based CSR corpus", ICSLP 1992; LDC93S6A. The sets
are the usual ones: si_tr_s trains, si_dt_05 validates, si_et_05 tests.
"""

import re

from cocktail.corpora.layout import Corpus, Part, Recording

SPLITS = {"si_tr_s": "train", "si_dt_05": "valid", "si_et_05": "test"}


def find(root, part):
    """SET/SPEAKER/UTTERANCE.wv1 or .wav, on one disc or several; transcripts are lines `TEXT (UTTERANCE)` of *.dot."""
    folders = [folder for folder in sorted(root.glob(f"**/{part.name}")) if next(folder.glob("*/*.w*"), None)]
    texts = {}
    for folder in folders:
        for dots in [*folder.rglob("*.dot"), *root.glob(f"**/dots/{part.name}/**/*.dot")]:
            texts |= {
                name.lower(): said for said, name in re.findall(r"^(.*)\((\w+)\)", dots.read_text(), re.MULTILINE)
            }
    waves = {path.stem.lower(): path for pattern in ("wv1", "wav") for folder in folders
             for path in sorted(folder.glob(f"*/*.{pattern}"))}  # fmt: skip
    for name, path in waves.items():
        text = texts.get(name)
        yield Recording(name, path, part.split, name[:3], text=None if text is None else plain(text))


def plain(text):
    """Words of a detailed transcript: lower case, without marks of noises and of emphasis."""
    return " ".join(re.sub(r"\[[^]]*\]|<|>|\*|\\|~|:", "", text).lower().split())


CORPUS = Corpus(
    name="wsj0",
    title="WSJ0: read newspaper, 16 kHz (LDC93S6A, licensed)",
    kinds=("speech",),
    licence="LDC User Agreement",
    home="https://catalog.ldc.upenn.edu/LDC93S6A",
    parts=tuple(Part(name, split) for name, split in SPLITS.items()),
    find=find,
    note="Compressed .wv1 files are not decoded: convert them with sph2pipe to .wav beside them, which is preferred.",
)
DESCRIPTION, KINDS, OPTIONS, rows, fingerprint = CORPUS.adapter()
