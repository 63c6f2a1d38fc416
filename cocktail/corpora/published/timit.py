"""TIMIT: 630 speakers of eight dialects, ten sentences each.

J. S. Garofolo et al., "TIMIT acoustic-phonetic continuous speech corpus", LDC93S1, 1993. The two sentences that all
speakers say (SA) are not read, since those of training and test must differ. No split is for validation.
"""

from cocktail.corpora.layout import Corpus, Part, Recording
from cocktail.text import read_text


def find(root, part):
    """SET/DIALECT/SPEAKER/SENTENCE.WAV, in upper or lower case; the text is beside, after two sample numbers."""
    for folder in _children(root, part.name):
        for path in sorted(folder.glob("*/*/*.[Ww][Aa][Vv]")):
            speaker, sentence = path.parent.name.lower(), path.stem.lower()
            text = next(
                (path.with_suffix(suffix) for suffix in (".TXT", ".txt") if path.with_suffix(suffix).is_file()), None
            )
            yield Recording(
                f"{speaker}-{sentence}",
                path,
                None if sentence.startswith("sa") else part.split,
                speaker,
                {"f": "female", "m": "male"}.get(speaker[0]),
                text and read_text(text).split(maxsplit=2)[2].strip().lower(),
            )


def _children(root, name):
    return [child for child in sorted(root.glob("*")) if child.name.lower() == name and child.is_dir()]


CORPUS = Corpus(
    name="timit",
    title="TIMIT: 630 speakers, ten sentences each, 16 kHz (LDC93S1, licensed)",
    kinds=("speech",),
    licence="LDC User Agreement",
    home="https://catalog.ldc.upenn.edu/LDC93S1",
    folder="[Tt][Ii][Mm][Ii][Tt]",
    parts=(Part("train", "train", 4620), Part("test", "test", 1680)),
    find=find,
    note="The sentences SA1 and SA2 are counted and not read.",
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
