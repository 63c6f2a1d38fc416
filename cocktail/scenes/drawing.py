"""Drawing scenes: from a condition to records that say all that was drawn (cocktail.scenes.scene).

Every part of a record has a generator of its own, keyed by suite seed, condition, split, index and role: scene 17 is
the same whether 20 or 2,000 are made, in any order, and a scene's SNR tells nothing about its other values.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from cocktail.corpora.holdout import CLOSED
from cocktail.corpora.library import Library
from cocktail.degradations.drawing import draw_degradations
from cocktail.errors import CocktailError, nearest
from cocktail.levels import PEAK
from cocktail.rng import rng
from cocktail.rooms import motion
from cocktail.rooms.arrays import positions, turned
from cocktail.rooms.placement import place_noise, place_talkers
from cocktail.rooms.shoebox import Shoebox
from cocktail.runtime.accounting import work
from cocktail.scenes.conditions import draw_levels, is_closed, placement
from cocktail.scenes.conversation import draw_conversation, longest_s
from cocktail.scenes.enrolment import draw_enrolment
from cocktail.scenes.rendering import Signals, render
from cocktail.scenes.scene import Excerpt, Noise, Position, Room, Scene, Talker, points
from cocktail.spoofing.names import split_attacks
from cocktail.spoofing.replay import REPLAYS, draw_replay
from cocktail.tasks import BONA_FIDE

SAID = ("utterance", "speaker", "gender", "text")
"""Columns of a table of speech that a record keeps."""
SPOOFED = 0.5
"""Share of the scenes of a condition with attacks that are attacks."""
CLOSE = 0.5
"""Share of the scenes of a condition with `close_m` whose talkers are close."""
MOVING = 0.5
"""Share of the scenes of a condition with `turn_deg_s` whose talker moves."""


def draw(
    condition: dict,
    *,
    name: str,
    split: str,
    index: int,
    seed: int,
    fs: int,
    speech: Library,
    noise: Library,
    spoofs: Library | None = None,
) -> Scene:
    """The scene `index` of a condition (its groups of noise kinds resolved). Reads no audio.

    Talkers of a scene are different speakers. `spoofs`: the tables of spoofed speech, for conditions with other
    attacks than replays. Raises CocktailError where the corpus has too little for the condition.
    """

    def generator(role):
        return rng(seed, name, split, index, role=role)

    attack = _attack(condition, split, generator, spoofs)
    conversation, turns = None, [()] * condition["talkers"]
    if "sounds" in condition:
        rows = [_sound(rng(seed, name, split, role="order of sounds"), index, condition["sounds"], split, noise)]
    elif attack is not None and attack not in REPLAYS:
        rows = [_spoof(generator("spoof"), attack, split, spoofs)]
    elif "conversation" in condition:
        rows, conversation, turns = _conversation(condition, split, generator, speech, fs)
        condition = condition | {"talkers": len(rows)}
    else:
        of = CLOSED if split == "test" and is_closed(condition) else split
        rows = _utterances(generator("talkers"), condition["talkers"], of, speech)
    room, places = draw_room(condition, generator)
    levels = draw_levels(condition, generator("levels"))
    longest = max(row["n_samples"] / row["fs"] for row in rows)
    lead_s = float(condition.get("lead_s", 0))
    duration_s = lead_s + longest + condition.get("trail_s", 0)
    if conversation is not None:
        duration_s = condition["conversation"]["duration_s"]
    n_samples = int(np.ceil(duration_s * fs))
    paths = [_path(condition["room"], room, place, fs, n_samples) if room else () for place in places]
    return Scene.of(
        condition,
        name=name,
        split=split,
        index=index,
        seed=seed,
        fs=fs,
        n_samples=n_samples,
        lead_s=lead_s,
        peak=float(generator("peak").uniform(*PEAK)),
        talkers=tuple(
            Talker(*(row[name] for name in SAID), float(level), place, attack, row.get("kind"), path, said)
            for row, level, place, path, said in zip(rows, levels, places, paths, turns, strict=True)
        ),
        room=room,
        noise=_noise(
            condition.get("noise"),
            generator,
            split=split,
            library=noise,
            duration_s=duration_s,
            n_channels=len(positions(condition["array"])),
            room=room,
            places=[point for place, path in zip(places, paths, strict=True) for point in path or (place,)],
        ),
        label=(attack or BONA_FIDE) if "attacks" in condition else rows[0].get("label"),
        wanted=condition["sounds"]["labels"][0] if "sounds" in condition else BONA_FIDE,
        degradations=draw_degradations(condition["degradations"], generator, n_samples, fs)
        if "degradations" in condition
        else None,
        speakers="closed" if is_closed(condition) else "open",
        enrolment=draw_enrolment(generator("enrolment"), rows[0], speech, [turn.utterance for turn in turns[0]]),
        replay=draw_replay(generator("replay"), attack, room.size, places[0], paths[0]) if attack in REPLAYS else None,
        conversation=conversation,
    )


def _conversation(condition, split, generator, speech, fs):
    """A row for each talker of a conversation, with all that it says; the conversation; the turns of each."""
    fewest, most = condition["conversation"]["fewest"], condition["talkers"]
    n_talkers = int(generator("number of talkers").integers(fewest, most + 1))
    speakers = _speakers(generator("talkers"), n_talkers, split, speech, longest_s(condition))
    conversation, turns = draw_conversation(condition["conversation"], generator, speakers, fs)
    rows = []
    for utterances, said in zip(speakers, turns, strict=True):
        first = next(row for row in utterances if row["utterance"] == said[0].utterance)
        texts = [turn.text for turn in said]
        rows.append(first | {"text": None if None in texts else " ".join(texts)})
    return rows, conversation, turns


def _utterances(generator, n_talkers, split, speech):
    """One utterance each of different speakers of a split."""
    speakers = _speakers(generator, n_talkers, split, speech)
    return [rows[generator.integers(len(rows))] for rows in speakers]


def _speakers(generator, n_talkers, split, speech, longest=math.inf):
    """The utterances of at most so many seconds of each of different speakers of a split."""
    by_speaker: dict[str, list[dict]] = {}
    for row in speech.select(split=split):
        if row["n_samples"] <= longest * row["fs"]:
            by_speaker.setdefault(row["speaker"], []).append(row)
    if len(by_speaker) < n_talkers:
        raise CocktailError(f"a scene needs {n_talkers} speakers, the corpus has {len(by_speaker)} of split {split!r}")
    names = sorted(by_speaker)
    chosen = generator.choice(len(names), size=n_talkers, replace=False)
    return [by_speaker[names[i]] for i in chosen]


def _sound(generator, index, spec, split, library):
    """The recording `index`, as the row of an utterance: each has its turn, in random order, before any comes again."""
    for label in spec["labels"]:
        if not library.select(split=split, kind=spec["kinds"], label=label):
            what = " or ".join(spec["kinds"])
            raise CocktailError(f"no {what} with the label {label!r} in split {split!r} of the noise")
    rows = library.select(split=split, kind=spec["kinds"], label=spec["labels"])
    row = rows[generator.permutation(len(rows))[index % len(rows)]]
    return row | {"utterance": row["recording"], "speaker": row["recording"], "gender": None, "text": None}


def _attack(condition, split, generator, spoofs) -> str | None:
    """The attack of a scene; None if it is bona fide. Those that the tables lack are left out."""
    if "attacks" not in condition or generator("spoofed").random() >= condition.get("spoofed", SPOOFED):
        return None
    present = {row["attack"] for row in spoofs.select(split=split)} if spoofs is not None else set()
    wanted = split_attacks(condition, split)
    attacks = [attack for attack in wanted if attack in REPLAYS or attack in present]
    if not attacks:
        raise CocktailError(f"no speech spoofed by {', '.join(wanted)} in split {split!r}")
    return attacks[generator("attack").integers(len(attacks))]


def _spoof(generator, attack, split, spoofs):
    """An utterance of an attack."""
    rows = spoofs.select(split=split, attack=attack)
    return rows[generator.integers(len(rows))]


def draw_room(
    condition: dict, generator: Callable[[str], np.random.Generator]
) -> tuple[Room | None, tuple[Position | None, ...]]:
    """The room or None, and the talkers' places in it. `generator`: role -> generator."""
    spec, n_talkers = condition.get("room"), condition["talkers"]
    if spec is None:
        return None, (None,) * n_talkers
    array = positions(condition["array"])
    shape = generator("room")
    size = np.array([shape.uniform(*spec[side]) for side in ("length_m", "width_m", "height_m")])
    t60_s = float(generator("t60").uniform(*spec["t60_s"]))
    close = "close_m" in spec and generator("close").random() < CLOSE
    distances = generator("distances").uniform(*spec["close_m" if close else "distance_m"], size=n_talkers)
    centre, yaw_deg, talkers = place_talkers(generator("places"), size, array, distances, **placement(spec))
    room = Room(
        size=points([size])[0],
        t60_s=t60_s,
        absorption=round(Shoebox.with_t60(size, t60_s).absorption, 6),  # the same record on any machine
        distances_m=tuple(float(distance) for distance in distances),
        centre=points([centre])[0],
        yaw_deg=float(yaw_deg),
        microphones=points(centre + turned(array, yaw_deg)),
        turn_deg_s=_turn(spec, generator) if "turn_deg_s" in spec else None,
    )
    return room, points(talkers)


def _turn(spec, generator):
    """Degrees a second at which the talker goes around the array, either way; 0 if it stands still."""
    if generator("moving").random() >= spec.get("moving", MOVING):
        return 0.0
    turn = generator("turn")
    return float(turn.choice([-1, 1]) * turn.uniform(*spec["turn_deg_s"]))


def _path(spec, room, place, fs, n_samples):
    """The points of the arc on which a talker moves from `place`; none if it stands still."""
    if not room.turn_deg_s:
        return ()
    x, y, _ = turned(np.subtract(place, room.centre)[None], -room.yaw_deg)[0]
    azimuth_deg = float(np.degrees(np.arctan2(-x, y)))
    start, centre = np.array(place), np.array(room.centre)
    path = motion.arc(start, centre, azimuth_deg, room.turn_deg_s, spec["azimuth_deg"], fs, n_samples)
    return (place, *points(np.round(path[1:], 4)))


def draw_noise_position(
    room: Room, talkers: Sequence[Position], generator: Callable[[str], np.random.Generator]
) -> Position:
    """Where a point noise is in the room. `talkers`: all places where they are; `generator`: role -> generator."""
    around = {"microphones": np.array(room.microphones), "talkers": np.array(talkers)}
    place = place_noise(generator("noise position"), np.array(room.size), np.array(room.centre), **around)
    return points([place])[0]


def _noise(spec, generator, *, split, library, duration_s, n_channels, room, places):
    """The noise of a scene, or None."""
    if spec is None:
        return None
    snr_db = float(generator("snr").uniform(*spec["snr_db"]))
    if spec["field"] == "sensor":
        return Noise("sensor", "sensor", snr_db, None, None, (), None)
    kind, rows = _recordings(generator("noise kind"), spec["kinds"], split, library)
    parts = spec["field"].split("+")
    diffuse = _excerpts(generator("diffuse noise"), rows, n_channels, duration_s) if "diffuse" in parts else ()
    point = _excerpts(generator("point noise"), rows, 1, duration_s)[0] if "point" in parts else None
    position = draw_noise_position(room, places, generator) if point and room else None
    both = len(parts) == 2
    point_db = float(generator("point level").uniform(*spec.get("point_db", (0, 0)))) if both else None
    return Noise(kind, spec["field"], snr_db, point, position, diffuse, point_db)


def _recordings(generator, kinds, split, library):
    """A kind of noise, among those wanted that the split has, and the split's recordings of it."""
    _require_kinds(kinds, {row["kind"] for row in library.rows})
    recordings = {kind: library.select(split=split, kind=kind) for kind in kinds}
    present = [kind for kind in kinds if recordings[kind]]
    if not present:
        there = sorted({row["kind"] for row in library.select(split=split)})
        raise CocktailError(
            f"no noise of {', '.join(kinds)} in split {split!r}; the corpus has {', '.join(there) or 'none'} there: "
            "name its kinds under `noise_groups`"
        )
    kind = present[generator.integers(len(present))]
    return kind, recordings[kind]


def _require_kinds(kinds, there):
    """Every kind is in the corpus: without one that is misspelt, all scenes would be of the others."""
    unknown = [kind for kind in kinds if kind not in there]
    if unknown:
        raise CocktailError(
            f"the corpus has no noise of the kind '{unknown[0]}'{nearest(unknown[0], there)}; "
            f"it has {', '.join(sorted(there)) or 'none'}: name its kinds under `noise_groups`"
        )


def _excerpts(generator, rows, n, duration_s):
    """`n` excerpts: of different recordings as long as there are any, then of far parts of the same ones."""
    order, offset = generator.permutation(len(rows)), generator.random(len(rows))
    turns = math.ceil(n / len(rows))
    excerpts = []
    for i in range(n):
        which, turn = order[i % len(rows)], i // len(rows)
        row = rows[which]
        length_s = row["n_samples"] / row["fs"]
        free_s = length_s - duration_s if length_s > turns * duration_s else length_s
        excerpts.append(Excerpt(row["recording"], float(offset[which] + turn) / turns * free_s))
    return tuple(excerpts)


def scenes(indices: Iterable[int], **options) -> Iterator[tuple[Scene, Signals]]:
    """The scenes `indices`, drawn and rendered. `options` as in `draw`, the condition as `definition`."""
    libraries = {name: options[name] for name in ("speech", "noise", "spoofs")}
    definition = options.pop("definition")
    for index in indices:
        scene = draw(definition, index=index, **options)
        with work():
            signals = render(scene, **libraries)
            if scene.enrolment is not None:
                signals = replace(signals, enrolment=libraries["speech"].samples(scene.enrolment, scene.fs))
        yield scene, signals
        del signals  # before those of the next scene are made
