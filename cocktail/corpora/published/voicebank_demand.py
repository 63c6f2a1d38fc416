"""VoiceBank-DEMAND: VCTK talkers in DEMAND noise, the publisher's noisy and clean pairs.

C. Valentini-Botinhao, X. Wang, S. Takaki and J. Yamagishi, "Investigating RNN-based speech enhancement methods for
noise-robust text-to-speech", SSW 2016. Noise is the noisy recording minus the clean one. No split is for validation.
"""

from cocktail.corpora.layout import Archive, Corpus, Part, Recording
from cocktail.text import read_text

PAIRS = {"trainset_28spk": ("train", 11572), "trainset_56spk": ("train", 23075), "testset": ("test", 824)}
URL = "https://datashare.ed.ac.uk/bitstream/handle/10283/2791"


def find(root, part):
    """clean_SET_wav and noisy_SET_wav; texts in SET_txt, kinds of noise in log_SET.txt (`NAME KIND SNR`)."""
    clean, noisy = root / f"clean_{part.name}_wav", root / f"noisy_{part.name}_wav"
    kinds = _kinds(root, part.name)
    for name in sorted({path.stem for folder in (clean, noisy) for path in folder.glob("*.wav")}):
        said = root / f"{part.name}_txt" / f"{name}.txt"
        text = read_text(said).strip() if said.is_file() else None
        path = clean / f"{name}.wav"
        yield Recording(name, path, part.split, name.split("_")[0], text=text)
        yield Recording(name, noisy / path.name, part.split, kind=kinds.get(name, "unknown"), less=path)


def _kinds(root, name):
    log = next(
        (path for path in (root / f"log_{name}.txt", root / "logfiles" / f"log_{name}.txt") if path.is_file()), None
    )
    cells = [line.split() for line in read_text(log).splitlines()] if log else []
    return {cell[0]: cell[1] for cell in cells if len(cell) > 1}


CORPUS = Corpus(
    name="voicebank-demand",
    title="VoiceBank-DEMAND: 28 (or 56) and 2 talkers in noise, noisy and clean pairs, 48 kHz (free)",
    kinds=("speech", "noise"),
    licence="CC BY 4.0",
    home="https://datashare.ed.ac.uk/handle/10283/2791",
    parts=tuple(
        Part(
            name,
            split,
            2 * pairs,
            tuple(
                Archive(f"{URL}/{file}.zip")
                for file in (f"clean_{name}_wav", f"noisy_{name}_wav", f"{name}_txt", "logfiles")
            ),
        )
        for name, (split, pairs) in PAIRS.items()
    ),
    default=("trainset_28spk", "testset"),
    find=find,
    note="Kinds of noise are those of the log files (logfiles.zip); without them, `unknown`.",
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
