"""Suites: what one holds besides the defaults, its conditions resolved, every key and value checked."""

from pathlib import Path

import numpy as np

from cocktail.config import CONDITIONS, CONFIG, merge, read_yaml, validate
from cocktail.errors import CocktailError, nearest, require_known
from cocktail.rng import rng
from cocktail.rooms.arrays import positions, require_apart
from cocktail.rooms.placement import place_talkers

PATHS = ("table", "root", "path")
"""Options of corpora that are paths."""


def suites() -> dict[str, Path]:
    """The shipped suites: name -> file."""
    return {
        path.stem: path
        for path in sorted(CONFIG.glob("*.yaml"))
        if path.stem not in ("defaults", "schema", "methods", "conditions", "claims")
    }


SUFFIXES = (".yaml", ".yml")
"""Of a suite's file."""


def suite_path(name_or_path: str) -> Path:
    """File of a suite given by name or by path. Raises CocktailError that names the nearest suite."""
    if name_or_path in suites():
        return suites()[name_or_path]
    path = Path(name_or_path)
    if path.suffix in SUFFIXES:
        if not path.is_file():
            raise CocktailError(f"{path}: no such file")
        return path.resolve()
    known = ", ".join(suites())
    raise CocktailError(f"unknown suite '{name_or_path}'{nearest(name_or_path, suites())} (suites: {known}; or a file)")


def load_suite(name_or_path: str, overrides: dict | None = None) -> dict:
    """A suite's configuration: defaults, then its file, then `overrides`; checked. Raises CocktailError."""
    path = suite_path(name_or_path)
    return check_suite(merge(read_yaml(CONFIG / "defaults.yaml"), read_yaml(path), overrides or {}), str(path))


def resampling(config: dict) -> dict[str, int]:
    """How intervals are drawn: the keys `seed` and `resamples`."""
    return {name: config[name] for name in ("seed", "resamples")}


def known_conditions(define: dict[str, dict]) -> dict[str, dict]:
    """The shipped conditions and those that a suite defines; what it says of a shipped one stands over that."""
    return merge(read_yaml(CONDITIONS)["conditions"], define)


def check_suite(config: dict, source: str) -> dict:
    """The configuration with its conditions resolved and every key checked. `source` names the file in messages.

    The result's `conditions` is a mapping of name to definition, with every group of kinds of noise resolved; its
    `recogniser` is the one that there is here.
    """
    from cocktail.scenes.conditions import CONDITION, GROUPS, resolved

    validate(config, suite_schema(), source)
    known = known_conditions(config["define"])
    chosen = list(known) if config["conditions"] == "all" else config["conditions"]
    require_known(chosen, known, f"{source}: conditions: unknown condition")
    groups = merge(read_yaml(CONDITIONS)["noise_groups"], config["noise_groups"])
    validate(groups, GROUPS, source, "noise_groups")
    for name in chosen:
        where = source if name in config["define"] else "config/conditions.yaml"
        validate(known[name], CONDITION, where, name)
        _check_ranges(known[name], f"{where}: {name}")
        _check_places(known[name], f"{where}: {name}")
        _check_conversation(known[name], f"{where}: {name}")
        _check_enrolment(known[name], {other: known[other] for other in chosen}, f"{source}: {name}")
    only = config["only"]["conditions"]
    require_known([] if only == "all" else only, chosen, f"{source} has no condition")
    if config["suite"] in config["against"]:
        raise CocktailError(f"{source}: against: '{config['suite']}' is this suite itself; name others")
    conditions = {name: resolved(known[name], groups) for name in chosen}
    located = _located(config, Path(source).parent)
    return config | located | {"conditions": conditions, "recogniser": _recogniser(config, source)}


def _recogniser(config: dict, source: str) -> dict:
    """The recogniser that there is here; a folder of its model is relative to the suite's file."""
    from cocktail.corpora import adapters
    from cocktail.recognition import recogniser

    options, folder = config["recogniser"], Path(source).parent
    if "model" in options and (folder / options["model"]).is_dir():
        options = options | {"model": _path(options["model"], folder)}
    try:
        return recogniser.resolved(options, {adapters.language(part) for part in config["corpora"]["speech"]})
    except CocktailError as error:
        raise CocktailError(f"{source}: {error}") from None


def _located(config: dict, folder: Path) -> dict:
    """The keys that hold paths: those of corpora and plugins, which are relative to the suite's file in `folder`."""
    corpora = {
        kind: [part | {key: _path(part[key], folder) for key in PATHS if key in part} for part in parts]
        for kind, parts in config["corpora"].items()
    }
    return {"corpora": corpora, "plugins": [_path(path, folder) for path in config["plugins"]]}


def _path(path: str, folder: Path) -> str:
    """A path relative to `folder`, as it is from here: the same text wherever the project lies, if it can be."""
    if path.startswith(("$", "~")) or Path(path).is_absolute():
        return path
    located = folder.resolve() / path
    return str(located.relative_to(Path.cwd()) if located.is_relative_to(Path.cwd()) else located)


def _check_ranges(definition: dict, where: str) -> None:
    """A pair of numbers is a range, and runs upwards."""
    for key, value in definition.items():
        if isinstance(value, dict):
            _check_ranges(value, f"{where}.{key}")
        numbers = isinstance(value, list) and all(isinstance(x, int | float) for x in value)
        if numbers and len(value) == 2 and value[0] > value[1]:
            raise CocktailError(f"{where}.{key}: {value} runs downwards; a range is [low, high]")


def _check_enrolment(definition: dict, conditions: dict[str, dict], where: str) -> None:
    """Speakers are enrolled with scenes of another condition of the suite, of the same task."""
    if "enrolled" in definition:
        same = [name for name, other in conditions.items() if other["task"] == definition["task"]]
        require_known(
            [definition["enrolled"]], same, f"{where}: enrolled: not a condition of verification of this suite:"
        )


def _check_conversation(definition: dict, where: str) -> None:
    """A conversation has no more talkers than the condition, and pieces that are longer than what they share."""
    if "conversation" not in definition:
        return
    spec, most = definition["conversation"], definition["talkers"]
    if spec["fewest"] > most:
        raise CocktailError(f"{where}.conversation.fewest: {spec['fewest']} talkers, of {most} (`talkers`) at most")
    if spec["piece_overlap_s"] > spec["piece_s"] / 2:
        raise CocktailError(
            f"{where}.conversation.piece_overlap_s: {spec['piece_overlap_s']:g} s are more than half of a piece of "
            f"{spec['piece_s']:g} s"
        )


def _check_places(definition: dict, where: str) -> None:
    """The smallest room has a place for the array, and for talkers as far from it as they may be."""
    from cocktail.scenes.conditions import placement

    array = positions(definition["array"])
    require_apart(array, f"{where}.array")
    if "room" not in definition:
        return
    spec = definition["room"]
    size = np.array([spec[side][0] for side in ("length_m", "width_m", "height_m")], float)
    options = placement(spec)
    generator = rng(0, role="places")
    try:
        for distance in (*spec["distance_m"], *spec.get("close_m", ())):
            place_talkers(generator, size, array, np.full(definition["talkers"], float(distance)), **options)
    except CocktailError as error:
        raise CocktailError(f"{where}.room: {error}") from error


def suite_schema() -> dict:
    """JSON schema of a suite, with the options of corpus adapters and recognisers filled in."""
    from cocktail.corpora import adapters
    from cocktail.recognition import recogniser

    schema = read_yaml(CONFIG / "schema.yaml")
    schema["$defs"]["recogniser"] = recogniser.OPTIONS
    for kind in ("speech", "noise"):
        schema["$defs"][kind]["oneOf"] = list(adapters.schemas(kind).values())
    return schema
