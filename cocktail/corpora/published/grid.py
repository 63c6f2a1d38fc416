"""GRID: 34 speakers, a thousand sentences each of six words.

M. Cooke, J. Barker, S. Cunningham and X. Shao, "An audio-visual corpus for speech perception and automatic speech
recognition", J. Acoust. Soc. Am. 120(5), 2006. The publisher has no splits: speakers take turns.
"""

from cocktail.corpora.grid import SLOTS
from cocktail.corpora.layout import Archive, Corpus, Part, Recording, by_turns

SPEAKERS = range(1, 35)
FEMALE = (4, 7, 11, 15, 16, 18, 20, 21, 22, 23, 24, 25, 29, 31, 33, 34)
ARCHIVE = Archive("https://zenodo.org/records/3625687/files/audio_25k.zip", "4b3ac37b1a258f55d1eebe657de491a9")


def find(root, part):
    """[audio_25k/]sN/CODE.wav; the code says the sentence."""
    for number, split in by_turns(SPEAKERS).items():
        speaker, gender = f"s{number}", "female" if number in FEMALE else "male"
        folders = [root / part.name / speaker, root / speaker]
        for path in sorted(path for folder in folders for path in folder.glob("*.wav")):
            yield Recording(f"{speaker}-{path.stem}", path, split, speaker, gender, sentence(path.stem))


def sentence(code: str) -> str | None:
    """`bbaf2n` is `bin blue at f two now`; None for a name that is no code."""
    digits = dict(zip("z123456789", SLOTS["digit"], strict=True))
    words = [{word[0]: word for word in words} | (digits if slot == "digit" else {}) for slot, words in SLOTS.items()]
    spoken = [known.get(letter) for known, letter in zip(words, code.lower(), strict=False)]
    return " ".join(spoken) if len(code) == len(words) and None not in spoken else None


CORPUS = Corpus(
    name="grid",
    title="GRID: 34 speakers, a thousand six-word sentences each, 25 kHz (free)",
    kinds=("speech",),
    licence="CC BY 4.0",
    home="https://zenodo.org/records/3625687",
    parts=(Part("audio_25k", files=34000, archives=(ARCHIVE,)),),
    find=find,
    note="The publisher has no splits: of speakers in order every fifth is for the test.",
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
