"""Free Spoken Digit Dataset: ten digits, six speakers, fifty times each.

Z. Jackson et al., github.com/Jakobovski/free-spoken-digit-dataset. The publisher tests on the first five takes of every
speaker; here speakers must be disjoint, so two speakers are for the test instead, and none for validation.
"""

from cocktail.corpora.grid import SLOTS
from cocktail.corpora.layout import Archive, Corpus, Part, Recording

SPEAKERS = {
    "george": "train", "jackson": "train", "lucas": "test", "nicolas": "train", "theo": "train", "yweweler": "test",
}  # fmt: skip
TAKES = 50
URL = "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.9.tar.gz"


def find(root, part):
    """recordings/DIGIT_SPEAKER_TAKE.wav."""
    if not (root / "recordings").is_dir():
        return
    for speaker, split in SPEAKERS.items():
        for digit, word in enumerate(SLOTS["digit"]):
            for take in range(TAKES):
                name = f"{digit}_{speaker}_{take}"
                yield Recording(name, root / "recordings" / f"{name}.wav", split, speaker, "male", word)


CORPUS = Corpus(
    name="fsdd",
    title="Free Spoken Digit Dataset: ten digits, six speakers, 8 kHz (free)",
    kinds=("speech",),
    licence="CC BY-SA 4.0",
    home="https://github.com/Jakobovski/free-spoken-digit-dataset",
    folder="free-spoken-digit-dataset*",
    parts=(Part("recordings", files=3000, archives=(Archive(URL),)),),
    find=find,
    note="Not the publisher's split, whose test has the speakers of its training: lucas and yweweler are for the test.",
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
