"""WSJ0 (CSR-I): read newspaper, 5,000 and 20,000 words.

D. B. Paul and J. M. Baker, "The design for the Wall Street Journal-based CSR corpus", ICSLP 1992; LDC93S6A. The sets
are the usual ones: si_tr_s trains, si_dt_05 validates, si_et_05 tests.
"""

import re

from cocktail.corpora.layout import Corpus, Part, Recording
from cocktail.text import read_text

SPLITS = {"si_tr_s": "train", "si_dt_05": "valid", "si_et_05": "test"}


def find(root, part):
    """SET/SPEAKER/UTTERANCE.wv1 or .wav, on one disc or several; transcripts are lines `TEXT (UTTERANCE)` of *.dot."""
    folders = [folder for folder in sorted(root.glob(f"**/{part.name}")) if next(folder.glob("*/*.w*"), None)]
    dots = [
        *root.glob(f"**/dots/{part.name}/**/*.dot"),
        *(file for folder in folders for file in folder.rglob("*.dot")),
    ]
    texts = {name: said for file in sorted(dots) for name, said in transcripts(file).items()}
    recordings = {}
    for pattern in ("wv1", "wav"):  # .wav is preferred
        recordings |= {path.stem.lower(): path for folder in folders for path in sorted(folder.glob(f"*/*.{pattern}"))}
    for name, path in recordings.items():
        yield Recording(name, path, part.split, name[:3], text=texts.get(name))


def transcripts(dots):
    """Utterance, in lower case -> words, of a file of detailed transcripts."""
    lines = re.findall(r"^(.*)\((\w+)\)", read_text(dots), re.MULTILINE)
    return {name.lower(): plain(said) for said, name in lines}


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
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
