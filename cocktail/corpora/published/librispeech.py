"""LibriSpeech: read audiobooks.

V. Panayotov, G. Chen, D. Povey and S. Khudanpur, "Librispeech: an ASR corpus based on public domain audio books",
ICASSP 2015. Splits are the publisher's, disjoint in speakers.
"""

from cocktail.corpora.layout import Archive, Corpus, Part, Recording
from cocktail.text import read_text

SETS = {
    "train-clean-100": ("train", 28539, "2a93770f6d5c6c964bc36631d331a522"),
    "train-clean-360": ("train", 104014, "c0e676e450a7ff2f54aeade5171606fa"),
    "train-other-500": ("train", 148688, "d1a0fd59409feb2c614ce4d30c387708"),
    "dev-clean": ("valid", 2703, "42e2234ba48799c1f50f24a7926300a1"),
    "dev-other": ("valid", 2864, "c8d0bcc9cca99d4f8b62fcc847357931"),
    "test-clean": ("test", 2620, "32fa31d27d2e1cad72775fee3f4849a9"),
    "test-other": ("test", 2939, "fb5a50374b501bb3bac4815ee91d3135"),
}
"""Set -> split, utterances, MD5 of its archive (the publisher's md5sum.txt)."""


def find(root, part):
    """Utterances that the transcripts SET/SPEAKER/CHAPTER/*.trans.txt name; genders are in SPEAKERS.TXT."""
    genders = _genders(root / "SPEAKERS.TXT")
    for transcripts in sorted((root / part.name).glob("*/*/*.trans.txt")):
        for line in read_text(transcripts).splitlines():
            name, _, text = line.partition(" ")
            speaker = name.split("-")[0]
            path = transcripts.parent / f"{name}.flac"
            yield Recording(name, path, part.split, speaker, genders.get(speaker), text.lower())


def _genders(table):
    lines = read_text(table).splitlines() if table.is_file() else []
    cells = [line.split("|") for line in lines if not line.startswith(";")]
    return {cell[0].strip(): {"F": "female", "M": "male"}[cell[1].strip()] for cell in cells if len(cell) > 1}


CORPUS = Corpus(
    name="librispeech",
    title="LibriSpeech: read audiobooks, 16 kHz, up to 960 h (free)",
    kinds=("speech",),
    licence="CC BY 4.0",
    home="https://www.openslr.org/12",
    folder="LibriSpeech",
    parts=tuple(
        Part(name, split, files, (Archive(f"https://www.openslr.org/resources/12/{name}.tar.gz", md5),))
        for name, (split, files, md5) in SETS.items()
    ),
    find=find,
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
