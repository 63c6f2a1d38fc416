"""MUSAN: music, speech and noise.

D. Snyder, G. Chen and D. Povey, "MUSAN: a music, speech, and noise corpus", arXiv:1510.08484. The publisher has no
splits: recordings take turns. Speakers are not named, each recording of speech counts as one.
"""

from cocktail.corpora.layout import Archive, Corpus, Part, Recording, by_turns

ARCHIVE = Archive("https://www.openslr.org/resources/17/musan.tar.gz", "0c472d4fc0c5141eca47ad1ffeb2a7df")


def find(root, part):
    """PART/SOURCE/*.wav."""
    paths = {path.stem: path for path in sorted((root / part.name).glob("*/*.wav"))}
    kind = None if part.name == "speech" else part.name
    for name, split in by_turns(paths).items():
        yield Recording(name, paths[name], split, kind=kind)


CORPUS = Corpus(
    name="musan",
    title="MUSAN: noise, music and speech, 16 kHz, 109 h (free)",
    kinds=("speech", "noise"),
    licence="each recording's own: public domain or Creative Commons",
    home="https://www.openslr.org/17",
    folder="musan",
    parts=tuple(
        Part(name, files=files, archives=(ARCHIVE,))
        for name, files in {"noise": 930, "music": 660, "speech": 426}.items()
    ),
    find=find,
    note="Kinds of noise: noise, music; of recordings in order every fifth is for the test (there are no splits).",
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
