"""The training paradigms, and what a method of each may see."""

from dataclasses import dataclass

from cocktail.errors import AccessError

ISOLATED = "isolated signals"
ANNOTATIONS = "speakers, transcripts and labels"
"""Of the isolated signals, and of the talkers in mixtures where these may be seen."""
MIXTURES = "mixtures"
SOURCES = "the sources of mixtures"
FOREIGN = "data outside the benchmark"
REFERENCES = "the references of the scene"
"""The truth of the very scene that is processed."""


@dataclass(frozen=True)
class Paradigm:
    """One training paradigm."""

    sees: frozenset[str]
    trained: str = "here"
    """Where its methods learn: `here`, `elsewhere` (a fit of their own may come on top), or `not` at all."""


_SEPARATION = frozenset({ISOLATED, MIXTURES, SOURCES})
_LEARNED = _SEPARATION | {ANNOTATIONS, FOREIGN}

PARADIGMS = {
    "oracle": Paradigm(_LEARNED | {REFERENCES}, trained="not"),
    "learning-free": Paradigm(frozenset(), trained="not"),
    "source-model": Paradigm(frozenset({ISOLATED})),
    "annotated-source-model": Paradigm(frozenset({ISOLATED, ANNOTATIONS})),
    "separation": Paradigm(_SEPARATION),
    "annotated-separation": Paradigm(_SEPARATION | {ANNOTATIONS}),
    "mixture-only": Paradigm(frozenset({MIXTURES})),
    "pretrained": Paradigm(_LEARNED, trained="elsewhere"),
}


def sees(paradigm: str, what: str) -> bool:
    """Whether methods of a paradigm may see something, such as ISOLATED."""
    return what in PARADIGMS[paradigm].sees


def allowed(*what: str) -> str:
    """The paradigms of trained methods that may see all of `what`, for messages."""
    return ", ".join(name for name, x in PARADIGMS.items() if x.sees.issuperset(what) and x.trained != "not")


def require(paradigm: str, what: str) -> None:
    """Raise AccessError where methods of a paradigm may not see something."""
    if not sees(paradigm, what):
        raise AccessError(f"{what}: not granted to the paradigm '{paradigm}', only to {allowed(what)}")


def sees_no_more(paradigm: str, other: str) -> bool:
    """Whether a method of `paradigm` sees nothing that one of `other` may not see: a partial order.

    A method may build on an entry, or read what it made, where this holds from the entry to the method.
    """
    return PARADIGMS[paradigm].sees <= PARADIGMS[other].sees
