"""The sentences of the GRID corpus: command, colour, preposition, letter, digit, adverb.

M. Cooke, J. Barker, S. Cunningham and X. Shao, "An audio-visual corpus for speech perception and automatic speech
recognition", J. Acoust. Soc. Am. 120(5), 2006, Table I. As there, the letter w is left out, the only one with more
than one syllable. 64,000 sentences in all.
"""

import hashlib
import math

SLOTS: dict[str, tuple[str, ...]] = {
    "command": ("bin", "lay", "place", "set"),
    "colour": ("blue", "green", "red", "white"),
    "preposition": ("at", "by", "in", "with"),
    "letter": tuple("abcdefghijklmnopqrstuvxyz"),
    "digit": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "adverb": ("again", "now", "please", "soon"),
}
N_SENTENCES = math.prod(len(words) for words in SLOTS.values())

SPLITS = {"train": 0.7, "valid": 0.1, "test": 0.2}
"""Share of the sentences that each split may use."""


def sentence(index: int) -> str:
    """The sentence with a number, 0 to N_SENTENCES - 1."""
    words = []
    for slot in reversed(SLOTS.values()):
        index, word = divmod(index, len(slot))
        words.append(slot[word])
    return " ".join(reversed(words))


def split_of(text: str) -> str:
    """The only split that may use a sentence, by a hash of its words, whatever the seed."""
    position = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64
    for split, share in SPLITS.items():
        if position < share:
            return split
        position -= share
    return "test"


def draw(rng, split: str) -> str:
    """A sentence of `split`, all equally likely."""
    while True:
        text = sentence(int(rng.integers(N_SENTENCES)))
        if split_of(text) == split:
            return text
