"""ASVspoof 2019: genuine and spoofed speech, logical and physical access.

X. Wang et al., "ASVspoof 2019: a large-scale public database of synthesized, converted and replayed speech", Computer
Speech & Language 64, 2020. The genuine speech is read, with its speakers; spoofed speech is counted and not read,
since a suite makes its own attacks (cocktail.spoofing).
"""

from cocktail.corpora.layout import Archive, Corpus, Part, Recording
from cocktail.text import read_text

SETS = {"train": ("train", "trn"), "dev": ("valid", "trl"), "eval": ("test", "trl")}
FILES = {"LA": (25380, 24844, 71237), "PA": (54000, 29700, 134730)}
URL = "https://datashare.ed.ac.uk/bitstream/handle/10283/3336"


def find(root, part):
    """ACCESS/ASVspoof2019_ACCESS_SET/flac/*.flac, as the protocol names them: `SPEAKER FILE ENVIRONMENT SYSTEM KEY`."""
    access, name = part.name.split("/")
    folder = root / access / f"ASVspoof2019_{access}_{name}" / "flac"
    if not folder.is_dir():
        return
    protocol = f"ASVspoof2019_{access}_cm_protocols/ASVspoof2019.{access}.cm.{name}.{SETS[name][1]}.txt"
    for line in read_text(root / access / protocol).splitlines():
        speaker, file, *_, key = line.split()
        yield Recording(file, folder / f"{file}.flac", part.split if key == "bonafide" else None, speaker)


CORPUS = Corpus(
    name="asvspoof2019",
    title="ASVspoof 2019: genuine speech of its logical and physical access, 16 kHz (free)",
    kinds=("speech",),
    licence="ODC-By 1.0",
    home="https://datashare.ed.ac.uk/handle/10283/3336",
    parts=tuple(
        Part(f"{access}/{name}", split, files, (Archive(f"{URL}/{access}.zip"),))
        for access, counts in FILES.items()
        for (name, (split, _)), files in zip(SETS.items(), counts, strict=True)
    ),
    default=tuple(f"LA/{name}" for name in SETS),
    find=find,
    note="Genuine speech is read; spoofed speech is counted and not read.",
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
