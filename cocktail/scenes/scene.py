"""A scene: a small record that says all that was drawn (cocktail.scenes.drawing) or read (cocktail.scenes.published).

Its audio follows from it (cocktail.scenes.rendering).
"""

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cocktail.degradations.drawing import Degradations
from cocktail.rng import rng
from cocktail.rooms.arrays import positions, turned
from cocktail.spoofing.replay import Replay
from cocktail.tasks import BONA_FIDE

Position = tuple[float, float, float]


@dataclass(frozen=True)
class Turn:
    """One utterance of a talker in a conversation, from sample `start` to before `end` of the scene."""

    utterance: str
    text: str | None
    start: int
    end: int


@dataclass(frozen=True)
class Talker:
    """What a talker says, how loud relative to the others, and where: metres, None without a room."""

    utterance: str
    speaker: str
    gender: str | None
    text: str | None
    level_db: float
    position: Position | None
    attack: str | None = None
    """Of what attack the utterance is; `speaker` is then the claimed one. None: bona fide."""
    kind: str | None = None
    """Of a sound that is no speech: its kind. `utterance` and `speaker` then name a recording of the corpus's noise."""
    path: tuple[Position, ...] = ()
    """Where a moving talker is at every `hop` of cocktail.rooms.motion, from `position` on. Empty: it stands still."""
    turns: tuple[Turn, ...] = ()
    """In a conversation, all that the talker says, in order; `utterance` is then the first, `text` that of all."""


@dataclass(frozen=True)
class Conversation:
    """How turns overlap, as the share of the time with speech, and how methods are to process the scene."""

    asked: float
    overlap: float
    """What the turns that were drawn come to, beside what was `asked`."""
    piece_s: float
    """Longest piece that a method sees at once; neighbours share `piece_overlap_s`."""
    piece_overlap_s: float


@dataclass(frozen=True)
class Excerpt:
    """A stretch of a noise recording, which begins again where it ends."""

    recording: str
    start_s: float


@dataclass(frozen=True)
class Noise:
    """What is no talker. `kind` is `sensor` for sensor noise. `point_db`: point part over diffuse part."""

    kind: str
    field: str
    snr_db: float
    point: Excerpt | None
    position: Position | None
    diffuse: tuple[Excerpt, ...]
    point_db: float | None


@dataclass(frozen=True)
class Room:
    """The room; `absorption` of its walls was chosen to give `t60_s`. `yaw_deg`: where the array looks, from y.

    `turn_deg_s`: how fast the talker goes around the array, counter-clockwise where positive, 0 where it stands still;
    None in conditions where talkers never move.
    """

    size: Position
    t60_s: float
    absorption: float
    distances_m: tuple[float, ...]
    centre: Position
    yaw_deg: float
    microphones: tuple[Position, ...]
    turn_deg_s: float | None = None


def scene_id(condition: str, split: str, index: int) -> str:
    """The name of a scene in tables and files."""
    return f"{condition}-{split}-{index:05d}"


def condition_of(scene: str) -> str:
    """The condition of a scene, from its `scene_id`."""
    return scene.rsplit("-", 2)[0]


def points(xyz: Iterable) -> tuple[Position, ...]:
    """(P, 3) as a record holds them."""
    return tuple(tuple(float(x) for x in point) for point in xyz)


@dataclass(frozen=True)
class Scene:
    """All that was drawn for a scene. `array`: microphones in the array's own axes, metres about their centre."""

    id: str
    condition: str
    split: str
    index: int
    seed: int
    fs: int
    task: str
    reference: str
    n_samples: int
    lead_s: float
    peak: float
    array: tuple[Position, ...]
    talkers: tuple[Talker, ...]
    room: Room | None
    noise: Noise | None
    label: str | None = None
    """`bonafide` or the attack's name, or the sound's label; None where nothing is to be detected."""
    wanted: str = BONA_FIDE
    """The label that a detector gives high scores."""
    replay: Replay | None = None
    """How the talker was recorded and played, where the attack is a replay."""
    degradations: Degradations | None = None
    """What was done to the mixture; None in conditions without."""
    enrolment: str | None = None
    """Another utterance of the first talker; None where there is no other."""
    enrolled: str | None = None
    """The condition whose scenes its speakers are enrolled with, in verification; None for its own."""
    speakers: str = "open"
    """`closed`: known from training; `open`: not."""
    conversation: Conversation | None = None
    """Where talkers take turns; None where each says one utterance, all at once."""

    @classmethod
    def of(cls, definition: dict, *, name: str, split: str, index: int, **drawn) -> "Scene":
        """A scene of the condition `name`, with `seed`, `fs`, and all that was drawn for it."""
        known = {key: definition.get(key) for key in ("task", "reference", "enrolled")}
        named = {"id": scene_id(name, split, index), "condition": name, "split": split, "index": index}
        return cls(**named, **known, array=points(positions(definition["array"])), **drawn)

    def generator(self, role: str) -> np.random.Generator:
        """The generator of one role of this scene."""
        return rng(self.seed, self.condition, self.split, self.index, role=role)

    @property
    def class_label(self) -> str | None:
        """The label, where `bonafide` stands for the one that a detector gives high scores."""
        return BONA_FIDE if self.label == self.wanted else self.label

    def target_position(self) -> Position | None:
        """Where the first talker is at the start, in the array's own axes, from its centre; None without a room."""
        if self.room is None:
            return None
        offset = np.subtract(self.talkers[0].position, self.room.centre)
        return tuple(map(float, turned(offset[None], -self.room.yaw_deg)[0]))

    def strata(self) -> dict[str, float | str]:
        """What results may be stratified by, as far as the scene has it."""
        strata: dict[str, float | str] = {}
        if self.noise is not None:
            strata |= {"noise": self.noise.kind, "snr_db": self.noise.snr_db}
        if self.room is not None:
            strata |= {"t60_s": self.room.t60_s, "distance_m": self.room.distances_m[0]}
            if self.room.turn_deg_s is not None:
                strata["movement"] = "moving" if self.room.turn_deg_s else "still"
        if len(self.talkers) > 1:
            strata["level_db"] = self.talkers[0].level_db - self.talkers[1].level_db
            strata["genders"] = "+".join(sorted(talker.gender or "unknown" for talker in self.talkers))
        if self.conversation is not None:
            strata["overlap"] = 100 * self.conversation.overlap
        if self.degradations is not None:
            strata["degradation"] = "+".join(self.degradations.names()) or "none"
        return strata

    def to_json(self) -> str:
        """One line of JSON; `from_json` is its inverse."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Scene":
        """The scene of a line of JSON."""
        record = _tuples(json.loads(text))
        record["talkers"] = tuple(
            Talker(**talker | {"turns": tuple(Turn(**turn) for turn in talker.get("turns", ()))})
            for talker in record["talkers"]
        )
        if record.get("conversation") is not None:
            record["conversation"] = Conversation(**record["conversation"])
        if record["room"] is not None:
            record["room"] = Room(**record["room"])
        if record.get("replay") is not None:
            record["replay"] = Replay(**record["replay"])
        if record.get("degradations") is not None:
            record["degradations"] = Degradations(**record["degradations"])
        if record["noise"] is not None:
            noise = record["noise"]
            point = noise["point"] and Excerpt(**noise["point"])
            diffuse = tuple(Excerpt(**excerpt) for excerpt in noise["diffuse"])
            record["noise"] = Noise(**noise | {"point": point, "diffuse": diffuse})
        return cls(**record)


def _tuples(value):
    """JSON's lists as tuples, at every depth."""
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return value
