"""WSJ0-2mix: mixtures of two WSJ0 talkers.

J. R. Hershey, Z. Chen, J. Le Roux and S. Watanabe, "Deep clustering: discriminative embeddings for segmentation and
separation", ICASSP 2016. The talkers of cv are those of tr: it is not for validation here, where speakers are disjoint.
"""

from cocktail.corpora.layout import OF_MIXTURE, Corpus, Part, Recording

MIXTURES = {"tr": 20000, "cv": 5000, "tt": 3000}
SPLITS = {"tr": "train", "cv": "train", "tt": "test"}


def find(root, part):
    """2speakers/wavRATE/MODE/SET/{s1,s2}/MIXTURE.wav; MIXTURE is `UTTERANCE_GAIN_UTTERANCE_GAIN`."""
    folder = root / part.name
    for name in sorted({path.stem for signal in ("s1", "s2") for path in (folder / signal).glob("*.wav")}):
        for k, utterance in enumerate(name.split("_")[0:3:2]):
            path = folder / f"s{k + 1}" / f"{name}.wav"
            yield Recording(f"{name}{OF_MIXTURE}{k + 1}", path, part.split, utterance[:3])


CORPUS = Corpus(
    name="wsj0-2mix",
    title="WSJ0-2mix: mixtures of two WSJ0 talkers, 8 or 16 kHz (generated from WSJ0, licensed)",
    kinds=("speech",),
    licence="LDC User Agreement (WSJ0)",
    home="https://www.merl.com/research/highlights/deep-clustering",
    parts=tuple(
        Part(f"2speakers/wav{rate}/{mode}/{name}", SPLITS[name], 2 * count)
        for rate in ("8k", "16k")
        for mode in ("min", "max")
        for name, count in MIXTURES.items()
    ),
    default=("2speakers/wav8k/min/tr", "2speakers/wav8k/min/tt"),
    find=find,
    note="Generate it with the publisher's scripts from WSJ0 (LDC93S6A).",
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
