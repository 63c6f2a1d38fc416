"""CHiME-2, track 2: WSJ0 sentences in a living room, recorded at two ears.

E. Vincent, J. Barker, S. Watanabe, J. Le Roux, F. Nesta and M. Matassoni, "The second CHiME speech separation and
recognition challenge: datasets, tasks and baselines", ICASSP 2013. The left ear is read: the reverberant speech as it
is in the mixture (`scaled`), and the noise, which is the mixture (`isolated`) minus that speech.
"""

import re

from cocktail.corpora.layout import Corpus, Part, Recording

SETS = {"si_tr_s": ("train", 7138), "si_dt_05": ("valid", 6 * 409), "si_et_05": ("test", 6 * 330)}
SNR = re.compile(r"m?\d+dB")


def find(root, part):
    """isolated/SET/**/UTTERANCE.wav and the same under scaled/; the SNR is a folder's name."""
    isolated, scaled = root / "isolated" / part.name, root / "scaled" / part.name
    for path in sorted({path.relative_to(folder) for folder in (isolated, scaled) for path in folder.rglob("*.wav")}):
        snr = next((piece for piece in path.parts if SNR.fullmatch(piece)), "")
        name = "-".join([part.name, *([snr] if snr else []), path.stem])
        yield Recording(name, scaled / path, part.split, path.stem[:3])
        yield Recording(name, isolated / path, part.split, kind="living-room", less=scaled / path)


CORPUS = Corpus(
    name="chime2",
    title="CHiME-2, track 2: WSJ0 sentences in a living room, 16 kHz (LDC2017S10, licensed)",
    kinds=("speech", "noise"),
    licence="LDC User Agreement",
    home="https://catalog.ldc.upenn.edu/LDC2017S10",
    folder="chime2-wsj0",
    parts=tuple(Part(name, split, 2 * count) for name, (split, count) in SETS.items()),
    find=find,
    note="Kind of noise: living-room. The left ear of two is read; transcripts are those of WSJ0, which are not read.",
)
DESCRIPTION, KINDS, OPTIONS, rows, files, fingerprint = CORPUS.adapter()
