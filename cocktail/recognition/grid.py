"""GRID sentences for a recogniser: their grammar (JSGF) and the pronunciation of their words.

Pronunciations are those of the CMU dictionary, less the reduced "a" (in GRID it is always the letter's name) and with
the British "z" added.
"""

from cocktail.corpora.grid import SLOTS

PHONES = {
    "bin": "B IH N", "lay": "L EY", "place": "P L EY S", "set": "S EH T",
    "blue": "B L UW", "green": "G R IY N", "red": "R EH D", "white": "W AY T", "white(2)": "HH W AY T",
    "at": "AE T", "by": "B AY", "in": "IH N", "with": "W IH DH", "with(2)": "W IH TH",
    "a": "EY", "b": "B IY", "c": "S IY", "d": "D IY", "e": "IY", "f": "EH F", "g": "JH IY", "h": "EY CH", "i": "AY",
    "j": "JH EY", "k": "K EY", "l": "EH L", "m": "EH M", "n": "EH N", "o": "OW", "p": "P IY", "q": "K Y UW",
    "r": "AA R", "s": "EH S", "t": "T IY", "u": "Y UW", "v": "V IY", "x": "EH K S", "y": "W AY", "z": "Z IY",
    "z(2)": "Z EH D",
    "zero": "Z IH R OW", "zero(2)": "Z IY R OW", "one": "W AH N", "two": "T UW", "three": "TH R IY", "four": "F AO R",
    "five": "F AY V", "six": "S IH K S", "seven": "S EH V AH N", "eight": "EY T", "nine": "N AY N",
    "again": "AH G EH N", "again(2)": "AH G EY N", "now": "N AW", "please": "P L IY Z", "soon": "S UW N",
}  # fmt: skip


def dictionary() -> str:
    """The pronunciations in the format of PocketSphinx."""
    return "".join(f"{word} {phones}\n" for word, phones in PHONES.items())


def grammar() -> str:
    """The grammar in JSGF: one word of each slot, in order."""
    rules = "".join(f"<{slot}> = {' | '.join(words)};\n" for slot, words in SLOTS.items())
    return f"#JSGF V1.0;\ngrammar grid;\npublic <sentence> = {' '.join(f'<{slot}>' for slot in SLOTS)};\n{rules}"
