"""AudioMNIST: ten digits, sixty speakers, fifty times each.

S. Becker et al., "AudioMNIST: exploring explainable artificial intelligence for audio analysis on a simple benchmark",
Journal of the Franklin Institute 361(1), 2024. Split 0 of the publisher's five for digits (preprocess_data.py).
"""

import json

from cocktail.corpora.grid import SLOTS
from cocktail.corpora.layout import Archive, Corpus, Part, Recording
from cocktail.text import read_text

VALID = (12, 47, 59, 15, 27, 41, 4, 11, 21, 31, 44, 50)
TEST = (26, 52, 60, 18, 32, 42, 5, 13, 22, 33, 45, 51)
SPEAKERS, TAKES = 60, 50
URL = "https://github.com/soerenab/AudioMNIST/archive/refs/heads/master.zip"


def find(root, part):
    """data/SPEAKER/DIGIT_SPEAKER_TAKE.wav; data/audioMNIST_meta.txt has genders."""
    if not (root / "data").is_dir():
        return
    meta = json.loads(read_text(root / "data" / "audioMNIST_meta.txt"))
    for number in range(1, SPEAKERS + 1):
        split = "valid" if number in VALID else "test" if number in TEST else "train"
        speaker = f"{number:02d}"
        gender = meta.get(speaker, {}).get("gender")
        for digit, word in enumerate(SLOTS["digit"]):
            for take in range(TAKES):
                name = f"{digit}_{speaker}_{take}"
                yield Recording(name, root / "data" / speaker / f"{name}.wav", split, speaker, gender, word)


CORPUS = Corpus(
    name="audiomnist",
    title="AudioMNIST: ten digits, sixty speakers, 48 kHz, 9.5 h (free)",
    kinds=("speech",),
    licence="MIT",
    home="https://github.com/soerenab/AudioMNIST",
    folder="AudioMNIST*",
    parts=(Part("data", files=30000, archives=(Archive(URL),)),),
    find=find,
    note="Split 0 of the publisher's five for digits.",
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
