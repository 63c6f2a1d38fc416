"""Taking in estimates that another program made: everything about the files is checked before any of them counts."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cocktail import audio, tables
from cocktail.dsp.delay import delay
from cocktail.errors import CocktailError, few, require_known, shortened
from cocktail.plugins.imported.entries import FOLDER
from cocktail.plugins.registry import NAME
from cocktail.processing.imported import IMPORTED, mixture_digest
from cocktail.tasks import TASKS
from cocktail.workflow.manifest import FILE, Item, item, read_manifest
from cocktail.workflow.plan import Plan

NAMED = 10
"""Faults of a folder that are named; the others are counted."""
MOST = 0.5
"""Share of a condition's files that are shifted before the import is refused for it."""


@dataclass(frozen=True)
class Shifted:
    """Files of a condition that lag behind their mixtures, or lead."""

    condition: str
    files: int
    of: int
    samples: int
    """The most frequent lag; negative where they lead."""
    fs: int

    def __str__(self):
        way = "behind" if self.samples > 0 else "ahead of"
        length = f"{abs(self.samples)} samples ({1000 * abs(self.samples) / self.fs:.1f} ms)"
        return f"{self.condition}: {self.files} of {self.of} files are {length} {way} their mixtures"


def import_estimates(
    plan: Plan, name: str, folder: Path, *, replace: bool = False, shifted: bool = False
) -> tuple[dict[str, int], list[Shifted]]:
    """Take the estimates in `folder` as those of the entry `name`; condition -> scenes, and what is shifted.

    The folder holds manifest.csv as it was exported, the files that it names, and no other sound but the mixtures.
    `replace`: over an earlier import of that name. `shifted`: also where most files of a condition are. Raises
    CocktailError with every fault, and then leaves the results as they are.
    """
    _check_name(plan, name, replace)
    items = read_manifest(folder)
    _check_items(plan, items)
    _check_files(folder, items)
    root = Path(plan.path(FOLDER))
    root.mkdir(parents=True, exist_ok=True)
    counts, shifts = {}, []
    with tempfile.TemporaryDirectory(prefix=".new-", dir=root) as temporary:
        new = Path(temporary) / name
        faults = []
        for condition in dict.fromkeys(each.condition for each in items):
            here = [each for each in items if each.condition == condition]
            rows, lags, wrong = _read(plan, folder, here)
            faults += wrong
            shifts += _shifts(condition, lags, here[0].fs)
            tables.write_rows(new / f"{condition}.parquet", rows, IMPORTED)
            counts[condition] = len(here)
        _refuse(folder, faults)
        if not shifted and (most := [each for each in shifts if each.files > MOST * each.of]):
            _refuse(folder, [f"{each}: cut that off, or import with --shifted" for each in most])
        shutil.rmtree(root / name, ignore_errors=True)
        new.rename(root / name)
    return counts, shifts


def _refuse(folder, faults):
    if faults:
        raise CocktailError("\n".join(f"{folder}: {fault}" for fault in shortened(faults, NAMED)))


def _check_name(plan, name, replace):
    if not NAME.fullmatch(name):
        raise CocktailError(f"'{name}' cannot name an entry: letters, digits, '.', '_' and '-', no slash")
    if name in plan.imports:
        if not replace:
            raise CocktailError(
                f"'{name}' was imported before ({plan.path(FOLDER, name)}): choose another name, or say --replace"
            )
    elif name in plan.known:
        raise CocktailError(f"the name '{name}' is taken by the entry in {plan.known[name].source}: choose another")


def exportable(plan: Plan, conditions: tuple[str, ...] = ()) -> list[str]:
    """Conditions whose estimates are signals: all of the suite, or those named. Raises CocktailError for others."""
    require_known(conditions, plan.conditions, f"{plan.suite}: no condition")
    for name in conditions:
        task = plan.info(name).task
        if not TASKS[task].signals:
            raise CocktailError(f"{name}: its task is '{task}', of which no signals are estimated")
    return list(conditions) or [name for name in plan.conditions if TASKS[plan.info(name).task].signals]


def rendered(plan: Plan, condition: str) -> bool:
    """Whether the test scenes of a condition are there."""
    return all(Path(plan.mixtures(condition, shard)).is_file() for shard in plan.shards)


def scenes_of(plan: Plan, condition: str) -> Iterator[tuple[Item, np.ndarray]]:
    """Every test scene of a condition with its mixture (D, N). Raises CocktailError where the suite has not run."""
    for shard in plan.shards:
        path = Path(plan.mixtures(condition, shard))
        if not path.is_file():
            raise CocktailError(f"{path}: no such file; `cocktail run {plan.called}` makes the scenes first")
        for row in tables.read_rows(path, ["condition", "scene", "fs", "n_sources", "mixture"]):
            mixture = tables.unpack(row["mixture"])
            yield item(row, channels=len(mixture), samples=mixture.shape[-1], sha256=mixture_digest(mixture)), mixture


def _check_items(plan, items):
    """The manifest names whole conditions of the suite as they are today, each scene once."""
    if not items:
        raise CocktailError(f"{FILE}: it names no scene; export the scenes again")
    faults = []
    for scene, count in Counter(each.scene for each in items).items():
        if count > 1:
            faults.append(f"{scene} stands there {count} times")
    named = {each.scene: each for each in items}
    conditions = exportable(plan, tuple(dict.fromkeys(each.condition for each in items)))
    today = {each.scene: each for condition in conditions for each, _ in scenes_of(plan, condition)}
    faults += [f"the suite has no scene {scene}" for scene in named if scene not in today]
    faults += [f"the scene {scene} is missing: a condition is imported whole" for scene in today if scene not in named]
    changed = [scene for scene in named if scene in today and named[scene] != today[scene]]
    if changed:
        faults.append(f"{len(changed)} of {len(named)} scenes have changed since the export, {changed[0]} for one")
    if faults:
        raise CocktailError(
            "\n".join(f"{FILE}: {fault}" for fault in shortened(faults, NAMED))
            + f"\nExport the scenes again (`cocktail export {plan.called} scenes DIR --blind`), and estimate again."
        )


def _check_files(folder, items):
    """Every estimate is there, and no other sound but the mixtures."""
    wanted = {path for each in items for path in each.estimates}
    sounds = audio.sounds_in(folder)
    missing = sorted(wanted - sounds)
    extra = sorted(sounds - wanted - {each.mixture for each in items})
    faults = []
    if missing:
        faults.append(f"{len(missing)} of {len(wanted)} estimates are missing: {few(missing)}")
    if extra:
        faults.append(f"{len(extra)} files belong to no scene: {few(extra)}; remove them, or name them as {FILE} does")
    _refuse(folder, faults)


def _read(plan, folder, items):
    """Rows of IMPORTED of one condition, the lag of every file, and what is wrong with the files."""
    rows, lags, faults = [], [], []
    for each, mixture in scenes_of(plan, items[0].condition):
        cells = []
        for path in each.estimates:
            try:
                samples = _estimate(folder / path, each)
            except CocktailError as error:
                faults.append(str(error).removeprefix(f"{folder}/"))
                continue
            cells.append(tables.pack(samples, each.fs, Path(path).stem))
            lags.append(delay(reference=mixture[0], estimate=samples))
        rows.append({"scene": each.scene, "sha256": each.sha256, "estimate": cells})
    return rows, lags, faults


def _estimate(path, wanted) -> np.ndarray:
    """The (N,) samples of an estimate. Raises CocktailError where it is not what the manifest asks for."""
    x, fs = audio.read(path)
    if fs != wanted.fs:
        raise CocktailError(f"{path}: {fs} Hz, the mixture has {wanted.fs} Hz: estimate at that rate")
    if len(x) != 1:
        raise CocktailError(f"{path}: {len(x)} channels: an estimate has one, the talker at microphone 1")
    if x.shape[-1] != wanted.samples:
        more = x.shape[-1] - wanted.samples
        way = "more" if more > 0 else "fewer"
        raise CocktailError(f"{path}: {x.shape[-1]} samples, {abs(more)} {way} than its mixture: keep the length")
    if not np.isfinite(x).all():
        raise CocktailError(f"{path}: has samples that are not finite numbers")
    return x[0]


def _shifts(condition, lags, fs) -> list[Shifted]:
    """The files of a condition that are shifted, as one; none where no file is."""
    shifted = [lag for lag in lags if lag]
    if not shifted:
        return []
    return [Shifted(condition, len(shifted), len(lags), Counter(shifted).most_common(1)[0][0], fs)]
