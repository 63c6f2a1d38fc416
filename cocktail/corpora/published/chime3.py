"""CHiME-3: WSJ0 sentences read to a tablet in a booth, and noise of four public places.

J. Barker, R. Marxer, E. Vincent and S. Watanabe, "The third CHiME speech separation and recognition challenge: dataset,
task and baselines", ASRU 2015. Isolated signals only: the simulated mixtures come without their parts, and the real
ones have none. Microphone 5 of 6, which faces the talker, is read.
"""

from cocktail.corpora.layout import Corpus, Part, Recording, by_turns
from cocktail.corpora.published.wsj0 import transcripts

SPEECH = {
    "tr05_org": ("train", 7138),
    "tr05_bth": ("train", 399),
    "dt05_bth": ("valid", 410),
    "et05_bth": ("test", 330),
}
PLACES = {"BUS": "bus", "CAF": "cafe", "PED": "pedestrian", "STR": "street"}
MICROPHONE = "CH5"


def find(root, part):
    """data/audio/16kHz/{isolated/SET,backgrounds}; texts are lines `TEXT (NAME)` of data/transcriptions/*.dot_all."""
    audio = root / "data" / "audio" / "16kHz"
    if part.name == "backgrounds":
        paths = {path.name.split(".")[0]: path for path in sorted((audio / part.name).glob(f"*.{MICROPHONE}.wav"))}
        for place, kind in PLACES.items():
            for name, split in by_turns([name for name in paths if name.endswith(place)]).items():
                yield Recording(name, paths[name], split, kind=kind)
        return
    texts = _texts(root)
    folder = audio / "isolated" / part.name
    for path in sorted(folder.glob("*.wav" if part.name == "tr05_org" else f"*.{MICROPHONE}.wav")):
        name = path.name.split(".")[0]
        gender = {"F": "female", "M": "male"}.get(name[0])
        yield Recording(name, path, part.split, name[:3], gender, texts.get(_sentence(name)))


def _texts(root):
    """Sentence -> its text, the same for all speakers and places."""
    tables = sorted((root / "data" / "transcriptions").glob("*.dot_all"))
    return {_sentence(name): text for table in tables for name, text in transcripts(table).items()}


def _sentence(name):
    """`F01_22GC010A_BUS` and `22gc010a` are of the sentence 22gc010a."""
    return (name.split("_")[1] if "_" in name else name).lower()


def parts():
    """Parts of CHiME-3, and of CHiME-4, which has the same recordings."""
    speech = tuple(Part(name, split, count) for name, (split, count) in SPEECH.items())
    return (*speech, Part("backgrounds"))


NOTE = (
    "Isolated speech and noise: the publisher's simulated mixtures come without their parts. Kinds of noise: bus, "
    "cafe, pedestrian, street; of a place's recordings every fifth is for the test, the publisher has no split."
)

CORPUS = Corpus(
    name="chime3",
    title="CHiME-3: WSJ0 sentences in a booth, and noise of four public places, 16 kHz (LDC2017S24, licensed)",
    kinds=("speech", "noise"),
    licence="LDC User Agreement",
    home="https://catalog.ldc.upenn.edu/LDC2017S24",
    folder="CHiME3",
    parts=parts(),
    find=find,
    note=NOTE,
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
