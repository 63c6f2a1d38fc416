"""CHiME-4: the recordings of CHiME-3, with tracks of one, two and six microphones.

E. Vincent, S. Watanabe, A. A. Nugraha, J. Barker and R. Marxer, "An analysis of environment, microphone and data
simulation mismatches in robust speech recognition", Computer Speech & Language 46, 2017. Isolated signals lie where
CHiME-3 has them: see cocktail.corpora.published.chime3.
"""

from cocktail.corpora.layout import Corpus
from cocktail.corpora.published.chime3 import NOTE, find, parts

CORPUS = Corpus(
    name="chime4",
    title="CHiME-4: WSJ0 sentences in a booth, and noise of four public places, 16 kHz (licensed)",
    kinds=("speech", "noise"),
    licence="that of WSJ0 (LDC93S6A)",
    home="https://www.chimechallenge.org/challenges/chime4/",
    folder="CHiME*",
    parts=parts(),
    find=find,
    note=NOTE,
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
