"""DNS Challenge 2020: read speech and noise, and the synthetic test set without reverberation.

C. K. A. Reddy et al., "The Interspeech 2020 deep noise suppression challenge: datasets, subjective testing framework,
and challenge results", Interspeech 2020. `clean` and `noise` train, the pairs of `no_reverb` test.
"""

import re

from cocktail.corpora.layout import Corpus, Part, Recording

TEST = "test_set/synthetic/no_reverb"


def find(root, part):
    """clean/*.wav, noise/*.wav, and test_set/synthetic/no_reverb/{clean,noisy}/*fileid_N.wav."""
    folder = root / part.name
    if part.name == "noise":
        for path in sorted(folder.rglob("*.wav")):
            yield Recording(path.relative_to(folder).with_suffix("").as_posix(), path, part.split, kind="dns")
    elif part.name == "clean":
        for path in sorted(folder.rglob("*.wav")):
            reader = re.search(r"reader_(\d+)", path.stem)
            name = path.relative_to(folder).with_suffix("").as_posix()
            yield Recording(name, path, part.split, reader and reader[1])
    else:
        yield from _pairs(folder, part.split)


def _pairs(folder, split):
    clean, noisy = ({_id(path): path for path in (folder / name).glob("*.wav")} for name in ("clean", "noisy"))
    for id in sorted(clean.keys() | noisy.keys()):
        speech = clean.get(id, folder / "clean" / f"clean_{id}.wav")
        yield Recording(id, speech, split)
        yield Recording(id, noisy.get(id, folder / "noisy" / f"*_{id}.wav"), split, kind="dns-test", less=speech)


def _id(path):
    return "fileid_" + path.stem.rpartition("fileid_")[2]


CORPUS = Corpus(
    name="dns",
    title="DNS Challenge 2020: speech, noise, and the synthetic test pairs, 16 kHz (free)",
    kinds=("speech", "noise"),
    licence="each source's own: see the challenge's repository",
    home="https://github.com/microsoft/DNS-Challenge/tree/interspeech2020/master",
    folder="datasets",
    parts=(Part("clean", "train"), Part("noise", "train"), Part(TEST, "test", 300)),
    find=find,
    note="Comes with the repository by Git LFS. Kinds of noise: dns, and dns-test in the test pairs.",
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
