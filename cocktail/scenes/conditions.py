"""What a condition may say: the schema of `config/conditions.yaml`, and what follows from a condition without a scene.

A condition is a distribution. `[low, high]` is uniform between the two; everything else is fixed.
"""

import numpy as np

from cocktail.degradations.codecs import CODECS
from cocktail.needs import Info
from cocktail.rooms.arrays import ARRAYS, positions
from cocktail.spoofing.replay import REPLAYS
from cocktail.tasks import TASKS


def _range(minimum: float | None = None, maximum: float | None = None, *, description: str) -> dict:
    bounds = {"minimum": minimum, "maximum": maximum}
    number = {"type": "number"} | {key: value for key, value in bounds.items() if value is not None}
    return {"type": "array", "items": number, "minItems": 2, "maxItems": 2, "description": description}


def _mapping(properties: dict, required: list[str], **more) -> dict:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False, **more}


MAX_TALKERS = 10

FIELDS = ("point", "diffuse", "point+diffuse", "sensor")
"""`point`: one place of the room, or simply added where there is no room. `diffuse`: from everywhere. `sensor`: white
noise, independent at every microphone."""

_SENSOR = {"properties": {"field": {"const": "sensor"}}}

NOISE = _mapping(
    {
        "field": {"enum": list(FIELDS)},
        "kinds": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "description": "kinds or groups of kinds",
        },
        "snr_db": _range(description="all talkers to noise, over active speech at microphone 1"),
        "point_db": _range(description="point to diffuse part; default 0"),
    },
    ["field", "snr_db"],
    **{"if": _SENSOR, "else": {"required": ["kinds"]}},
)

ROOM = _mapping(
    {
        "length_m": _range(1, 50, description="along x"),
        "width_m": _range(1, 50, description="along y"),
        "height_m": _range(1, 20, description="along z"),
        "t60_s": _range(0.1, 2, description="reverberation time, T30"),
        "distance_m": _range(0.2, 20, description="talkers to the array's centre"),
        "azimuth_deg": _range(-180, 180, description="talkers from the array's front; default all around"),
        "separation_deg": {"type": "number", "minimum": 0, "maximum": 90, "description": "talkers at least; default 0"},
        "close_m": _range(0.2, 20, description="in half of the scenes, instead of distance_m"),
        "turn_deg_s": _range(
            1, 180, description="talker around the array, within azimuth_deg; default: it stands still"
        ),
        "moving": {"type": "number", "minimum": 0, "maximum": 1, "description": "share of moving talkers; default 0.5"},
    },
    ["length_m", "width_m", "height_m", "t60_s", "distance_m"],
    dependentRequired={"turn_deg_s": ["azimuth_deg"], "moving": ["turn_deg_s"]},
)

CONVERSATION = _mapping(
    {
        "fewest": {"type": "integer", "minimum": 2, "description": "talkers of a scene; `talkers` is the most"},
        "duration_s": {"type": "number", "minimum": 10, "maximum": 600, "description": "of a scene"},
        "overlap": _range(0, 0.5, description="share of the time with speech in which two talkers speak"),
        "pause_s": _range(0, 5, description="between turns that do not overlap"),
        "piece_s": {"type": "number", "minimum": 1, "description": "that a method sees at once"},
        "piece_overlap_s": {"type": "number", "minimum": 0.1, "description": "of neighbouring pieces, at most half"},
    },
    ["fewest", "duration_s", "overlap", "pause_s", "piece_s", "piece_overlap_s"],
)
"""Talkers take turns (cocktail.scenes.conversation), and methods process the scene in pieces."""

_SHARE = {"share": _range(0, 0.5, description="of the samples, or of the packets")}

DEGRADATIONS = _mapping(
    {
        "at_once": {
            "type": "array",
            "items": {"type": "integer", "minimum": 0},
            "minItems": 2,
            "maxItems": 2,
            "description": "so many of the others a scene has, at least and at most",
        },
        "wind": _mapping({"snr_db": _range(description="active speech to wind")}, ["snr_db"]),
        "clipping": _mapping(_SHARE, ["share"]),
        "gain": _mapping({"range_db": _range(0, 40, description="largest change, up or down")}, ["range_db"]),
        "band": _mapping(
            {"low_hz": _range(0, description="lower end"), "high_hz": _range(500, description="upper end")},
            ["low_hz", "high_hz"],
        ),
        "codec": _mapping(
            {
                "names": {"type": "array", "items": {"enum": list(CODECS)}, "minItems": 1, "uniqueItems": True},
                "rate_kbps": _range(6, 256, description="of Opus"),
            },
            ["names", "rate_kbps"],
        ),
        "loss": _mapping(
            _SHARE | {"burst": _range(1, 20, description="packets that are lost in a row, on average")},
            ["share", "burst"],
        ),
    },
    ["at_once"],
    minProperties=2,
)
"""What is done to the mixture (cocktail.degradations); the SNR is that before."""

_NAMES = {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True}

SPOOFING = _mapping({"train": _NAMES, "test": _NAMES}, ["train", "test"])
"""Attacks by split: names of cocktail.spoofing.names, and entries that attack genuine speech. `valid` has those of
`train`."""

SOUNDS = _mapping(
    {
        "kinds": {"type": "array", "items": {"type": "string"}, "minItems": 1, "description": "of the corpus's noise"},
        "labels": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 2,
            "uniqueItems": True,
            "description": "the label that is looked for, then the others",
        },
    },
    ["kinds", "labels"],
)
"""Isolated sounds to be told apart by their labels, in place of speech."""

_REPLAYED = {
    "required": ["attacks"],
    "properties": {
        "attacks": {
            "anyOf": [
                {"properties": {split: {"contains": {"enum": list(REPLAYS)}}}, "required": [split]}
                for split in ("train", "test")
            ]
        }
    },
}

_TURNED = {"required": ["room"], "properties": {"room": {"required": ["turn_deg_s"]}}}

CONDITION = _mapping(
    {
        "title": {"type": "string"},
        "task": {"enum": [name for name, task in TASKS.items() if task.column]},
        "talkers": {"type": "integer", "minimum": 1, "maximum": MAX_TALKERS},
        "array": {
            "description": "a name, or microphone positions in metres: x right, y front, z up",
            "anyOf": [
                {"enum": list(ARRAYS)},
                {
                    "type": "array",
                    "items": {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3},
                    "minItems": 1,
                },
            ],
        },
        "reference": {"enum": ["image", "early"]},
        "level_db": _range(description="each talker's level, relative; default 0"),
        "levels_db": {
            "type": "array",
            "items": {"type": "number"},
            "description": "instead of level_db: the level of each talker, the same in every scene",
        },
        "speakers": {"const": "closed", "description": "test talkers are known from training; their sentences are not"},
        "room": ROOM,
        "noise": NOISE,
        "conversation": CONVERSATION,
        "degradations": DEGRADATIONS,
        "attacks": SPOOFING,
        "adversary": {
            "type": "string",
            "description": "entry of the task `attack` that changes the spoofs",
        },
        "sounds": SOUNDS,
        "spoofed": {"type": "number", "minimum": 0, "maximum": 1, "description": "share of attacks; default 0.5"},
        "enrolled": {
            "type": "string",
            "description": "condition of verification whose scenes speakers are enrolled with; default its own",
        },
        "given": {"const": True, "description": "the scenes are the corpus's own mixtures; all else is for training"},
        "lead_s": {"type": "number", "minimum": 0, "maximum": 10, "description": "noise before the speech; default 0"},
        "trail_s": {"type": "number", "minimum": 0, "maximum": 10, "description": "after the longest; default 0"},
    },
    ["task", "talkers", "array", "reference"],
    allOf=[
        {
            "if": {"properties": {"array": {"const": "single"}, "reference": {"const": "image"}}},
            "else": {"required": ["room"]},
        },
        {
            "if": {"properties": {"task": {"enum": [name for name, task in TASKS.items() if task.several]}}},
            "then": {"properties": {"talkers": {"minimum": 2}, "attacks": False}},
            "else": {"properties": {"talkers": {"const": 1}}},
        },
        {"if": {"properties": {"task": {"const": "enhance"}}}, "then": {"required": ["noise"]}},
        {"not": {"required": ["level_db", "levels_db"]}},
        *(
            {
                "if": {"properties": {"talkers": {"const": talkers}}},
                "then": {"properties": {"levels_db": {"minItems": talkers, "maxItems": talkers}}},
            }
            for talkers in range(1, MAX_TALKERS + 1)
        ),
        {
            "if": {"required": ["given"]},
            "then": {
                "properties": {
                    "task": {"enum": [name for name, task in TASKS.items() if task.signals]},
                    "array": {"const": "single"},
                    "reference": {"const": "image"},
                    "room": False,
                    "attacks": False,
                    "degradations": False,
                    "speakers": False,
                },
            },
        },
        {
            "if": {"properties": {"task": {"const": "detect"}}},
            "then": {"oneOf": [{"required": ["attacks"]}, {"required": ["sounds"]}]},
            "else": {"properties": {"sounds": False}},
        },
        {"if": _REPLAYED, "then": {"required": ["room"], "properties": {"adversary": False}}},
        {"if": {"required": ["adversary"]}, "then": {"required": ["attacks"]}},
        {"if": {"required": ["degradations"]}, "then": {"properties": {"array": {"const": "single"}}}},
        {"if": {"required": ["enrolled"]}, "then": {"properties": {"task": {"const": "verify"}}}},
        {
            "if": {"required": ["conversation"]},
            "then": {
                "properties": {
                    "task": {"enum": [name for name, task in TASKS.items() if task.several]},
                    **dict.fromkeys(("levels_db", "speakers", "given", "lead_s", "trail_s"), False),
                }
            },
        },
        {"if": _TURNED, "then": {"properties": {"talkers": {"const": 1}}}},
    ],
)
"""JSON schema of one condition."""

GROUPS = {
    "type": "object",
    "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
}
"""JSON schema of `noise_groups`: a group's name to kinds of noise."""


def resolved(condition: dict, groups: dict[str, list[str]]) -> dict:
    """The condition with every group of kinds of noise replaced by its kinds, in order, each once."""
    if "kinds" not in condition.get("noise", {}):
        return condition
    kinds = [kind for name in condition["noise"]["kinds"] for kind in groups.get(name, [name])]
    return condition | {"noise": condition["noise"] | {"kinds": list(dict.fromkeys(kinds))}}


def placement(room: dict) -> dict:
    """Options of cocktail.rooms.placement.place_talkers, of what a condition says of its room."""
    said = {key: room[key] for key in ("azimuth_deg", "separation_deg") if key in room}
    return said | {"turning": "turn_deg_s" in room}


def draw_levels(condition: dict, generator: np.random.Generator) -> np.ndarray:
    """(K,) levels of the talkers of a scene in dB, relative to each other."""
    if "levels_db" in condition:
        return np.array(condition["levels_db"], float)
    return generator.uniform(*condition.get("level_db", (0, 0)), size=condition["talkers"])


def is_labelled(condition: dict) -> bool:
    """Whether scenes are of classes that a detector may tell apart."""
    return "attacks" in condition or "sounds" in condition


def is_closed(condition: dict) -> bool:
    """Whether test talkers are known from training."""
    return condition.get("speakers") == "closed"


def info(name: str, condition: dict, fs: int) -> Info:
    """What methods may know of a condition before any of its scenes is opened."""
    return Info(
        condition=name,
        task=condition["task"],
        channels=len(positions(condition["array"])),
        n_sources=condition["talkers"],
        fs=fs,
        reference=condition["reference"],
        room="room" in condition,
        closed=is_closed(condition),
    )
