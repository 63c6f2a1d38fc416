"""DEMAND: eighteen real environments, sixteen microphones each.

J. Thiemann, N. Ito and E. Vincent, "The diverse environments multi-channel acoustic noise database (DEMAND)", ICA 2013.
Each environment is a kind of noise, and its first microphone is read. The publisher has no splits; the test has the
five environments that the test of VoiceBank-DEMAND has.
"""

from cocktail.corpora.layout import Archive, Corpus, Part, Recording

ENVIRONMENTS = (
    "DKITCHEN", "DLIVING", "DWASHING", "NFIELD", "NPARK", "NRIVER", "OHALLWAY", "OMEETING", "OOFFICE", "PCAFETER",
    "PRESTO", "PSTATION", "SCAFE", "SPSQUARE", "STRAFFIC", "TBUS", "TCAR", "TMETRO",
)  # fmt: skip
TEST = ("DLIVING", "OOFFICE", "SCAFE", "SPSQUARE", "TBUS")
ONLY_48K = ("SCAFE",)
MD5 = {
    "DKITCHEN": "7ffbf52d7f4699f96927846103dc8788",
    "DLIVING": "46741384d9e434a0bd8b3ec1830b6052",
    "DWASHING": "7e5ee9437ce9409c5f9a779b6212a240",
}
"""Of some archives at 16 kHz, from the Zenodo record, which names one of each file."""


def find(root, part):
    """ENVIRONMENT/ch01.wav."""
    folder = root / part.name
    if folder.is_dir():
        yield Recording(part.name.lower(), folder / "ch01.wav", part.split, kind=part.name.lower())


def _archive(name):
    rate = "48k" if name in ONLY_48K else "16k"
    return Archive(f"https://zenodo.org/records/1227121/files/{name}_{rate}.zip", MD5.get(name))


CORPUS = Corpus(
    name="demand",
    title="DEMAND: eighteen real environments, 16 or 48 kHz (free)",
    kinds=("noise",),
    licence="CC BY-SA 3.0",
    home="https://zenodo.org/records/1227121",
    parts=tuple(Part(name, "test" if name in TEST else "train", 1, (_archive(name),)) for name in ENVIRONMENTS),
    find=find,
    note="Kinds of noise: the environments, in lower case. Microphone 1 of 16 is read.",
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
