"""What a method may ask for in `needs`, and the test paradigm that follows: how much it is told about the scene."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

GUIDANCE = ("weakly guided", "strongly guided", "informed")
"""Test paradigms, from little to much: nothing that tells this scene's talkers from others; who or where the target is;
what a coder computed from the sources."""


@dataclass(frozen=True)
class Info:
    """What is known of a condition before any of its scenes is opened; `Method.skip` decides by it."""

    condition: str
    task: str
    channels: int
    """Microphones, D."""
    n_sources: int
    """Talkers to estimate, K."""
    fs: int
    reference: str
    """`image` (the talker with its reverberation) or `early` (direct sound and first 50 ms)."""
    room: bool = False
    """Whether scenes are in a room, in which talkers have a position."""
    closed: bool = False
    """Whether the talkers are known from training."""


@dataclass(frozen=True)
class Need:
    """One thing that a method may ask for."""

    grants: str
    """Property of cocktail.method.View."""
    guidance: str = GUIDANCE[0]
    there: Callable[[Info], bool] = lambda info: True
    """Whether scenes of a condition have it."""
    otherwise: str = ""
    """Why the method is skipped where they have not."""


NEEDS = {
    "array": Need("array", there=lambda info: info.channels > 1, otherwise="needs several microphones"),
    "n_sources": Need("n_sources"),
    "gpu": Need("device"),
    "recogniser": Need("recogniser"),
    "enrolment": Need("enrolment", GUIDANCE[1]),
    "position": Need("position", GUIDANCE[1], lambda info: info.room, "needs a room, where talkers have a position"),
    "speakers": Need("speakers", GUIDANCE[1], lambda info: info.closed, "needs talkers that are known from training"),
    "side_information": Need("side_information", GUIDANCE[2]),
}


def guidance(needs: Iterable[str]) -> str:
    """The test paradigm of a method with these needs."""
    return max((NEEDS[need].guidance for need in needs), key=GUIDANCE.index, default=GUIDANCE[0])


def lacks(needs: Iterable[str], info: Info) -> str | None:
    """Why a method with these needs does not apply to a condition, or None."""
    return next((NEEDS[need].otherwise for need in sorted(needs) if not NEEDS[need].there(info)), None)
