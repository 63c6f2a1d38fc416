"""Make the bundle: `python -m benchmarks.gpu.prepare FOLDER`, on a machine with the whole project installed.

The folder holds the library, the plugins, this benchmark, corpora, rooms, test scenes, and the entries with their
parameters. It goes to the node as it is.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.gpu.bundle import JOBS, SCENES, Sounds, TestScene, write_scenes
from cocktail import ROOT
from cocktail.corpora import adapters
from cocktail.corpora.library import Library
from cocktail.plugins.entry import Entry
from cocktail.plugins.registry import Registry
from cocktail.scenes.drawing import draw
from cocktail.scenes.rendering import render
from cocktail.scenes.room_bank import make_bank
from cocktail.spoofing import table
from cocktail.workflow.suite import load_suite

SEED = 2016
LARGEST_MB = 60
CODE = ("cocktail", "methods", "benchmarks/gpu")
TRAIN_ON = {
    "enhance": ("stationary", "living-room"),
    "separate": ("two-talkers", "three-talkers"),
    "detect": ("spoof-logical",),
    "attack": ("spoof-logical",),
}
"""Task -> conditions that entries are trained on; of other tasks, on none."""
TEST_ON = {"enhance": "tablet", "separate": "two-talkers"}
"""Task -> condition of the scenes that devices are compared on; other tasks have those of `enhance`."""
ARRAYS = {"enhance": "tablet", "separate": "two-talkers-array"}
"""Task -> condition that entries which need several microphones are trained on and compared on."""
FEW_ROOMS = 10
"""Of those, at all microphones: responses are most of what is stored."""
UNSEEN = "two-talkers"
"""Condition of the part that trains for long."""
CELLS = ("dnn-msa", "lstm-msa", "blstm-psa")
"""Entries of the plugin mask_network, each with another kind of layers; of other plugins, the first one."""

FEW_FRAMES, FEW_TRIALS = {"frames_fit": 2000, "iterations_fit": 10}, {"trials": 400}
FEWER = dict.fromkeys(("lcnn", "lcnn_hardened", "ganba"), FEW_TRIALS) | dict.fromkeys(
    ("nmf", "nmf_conv", "nmf_universal", "nmf_online", "nds"), FEW_FRAMES
)
"""Plugin -> values in place of the papers', where the CPU would take minutes to prepare what it learns from."""


@dataclass(frozen=True)
class Size:
    """How much is stored."""

    speakers: dict[str, int] = field(default_factory=lambda: {"train": 110, "valid": 10, "test": 12})
    utterances: dict[str, int] = field(default_factory=lambda: {"train": 9, "valid": 5, "test": 6})
    seconds: float = 8.0
    """Of a recording of noise."""
    spoofs: int = 30
    """Of each attack in training."""
    rooms: int = 20
    scenes: int = 4
    """Test scenes of each condition, to compare devices on."""
    unseen: int = 24
    """Test scenes to score separation on."""
    networks: str = "paper"
    """Class of their size."""


TOY = Size(
    {"train": 8, "valid": 6, "test": 6}, {"train": 2, "valid": 2, "test": 2}, 2.0, 2, 2, 1, 2, networks="tiny"
)  # fmt: skip


def prepare(folder: Path, size: Size) -> None:
    """Write the bundle to a folder, which must not be there yet."""
    folder.mkdir(parents=True)
    suite = load_suite("standard", {"seed": SEED})
    for part in CODE:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "bundle", "page"))
    with tempfile.TemporaryDirectory() as temporary:
        libraries = _corpora(Path(temporary), size, suite)
        for name, library in libraries.items():
            Sounds.write(library, folder / f"{name}.npz")
        write_scenes(_scenes(suite, libraries, size), folder / SCENES)
    chosen = {name: suite["conditions"][name] for names in (*TRAIN_ON.values(), ARRAYS.values()) for name in names}
    rooms = {name: f"rooms-{name}.npz" for name, condition in chosen.items() if "room" in condition}
    for name, file in rooms.items():
        array = name in ARRAYS.values()
        make_bank(condition=name, definition=chosen[name], rooms=min(size.rooms, FEW_ROOMS) if array else size.rooms,
                  seed=SEED, fs=suite["fs"], out=folder / file, microphones="all" if array else "first")  # fmt: skip
    jobs = {
        "commit": commit(), "seed": SEED, "fs": suite["fs"], "conditions": chosen, "rooms": rooms, "unseen": UNSEEN,
        "entries": jobs_of(Registry(), size.networks),
    }  # fmt: skip
    (folder / JOBS).write_text(json.dumps(jobs, indent=1) + "\n")


def commit() -> str:
    """The commit of the code; `+` where files differ from it."""
    named = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True)
    return (named.stdout.strip() or "unknown") + ("+" if changed.stdout.strip() else "")


def chosen(registry: Registry) -> list[Entry]:
    """Entries whose plugins use a GPU, one of each, and those that they build on, which come first."""
    entries: dict[str, Entry] = {}

    def add(entry):
        for used in entry.uses.values():
            add(registry.entry(used))
        entries.setdefault(entry.name, entry)

    for name in CELLS:
        add(registry.entry(name))
    for entry in registry.entries.values():
        if "gpu" in entry.cls.needs and all(entry.plugin.name != other.plugin.name for other in entries.values()):
            add(entry)
    return list(entries.values())


def jobs_of(registry: Registry, size: str) -> dict[str, dict]:
    """Entry -> what the node needs to train it and to run it, at a class of size."""
    sized = registry.sized(size, FEWER if size == "paper" else {}, "benchmarks/gpu")
    jobs = {}
    for entry in chosen(registry):
        task = entry.cls.tasks()[0]
        array = ARRAYS.get(task) if "array" in entry.cls.needs else None
        train_on = (array,) if array else TRAIN_ON.get(task, ())
        jobs[entry.name] = {
            "spec": sized[entry.name].spec(),
            "uses": entry.uses,
            "task": task,
            "train_on": list(train_on) if entry.cls.learned() else [],
            "test_on": array or TEST_ON.get(task, TEST_ON["enhance"]),
        }
    return jobs


def _corpora(folder, size, suite):
    """speech, noise and spoofs as libraries."""
    common = {"seed": SEED, "fs": suite["fs"]}
    paths = {name: folder / f"{name}.parquet" for name in ("speech", "noise", "spoofs")}
    speech = {"adapter": "grid-tts", "speakers": size.speakers, "utterances": size.utterances}
    adapters.build([speech], "speech", paths["speech"], **common)
    recordings = {"train": 2, "valid": 1, "test": 1}
    noise = {"adapter": "synthetic", "recordings": recordings, "seconds": size.seconds}
    adapters.build([noise], "noise", paths["noise"], speech=Library(paths["speech"]), **common)
    attacks = suite["conditions"]["spoof-logical"]["attacks"]["train"]
    counts = {"train": dict.fromkeys(attacks, size.spoofs), "valid": dict.fromkeys(attacks, max(size.spoofs // 4, 2))}
    table.build(Library(paths["speech"]), counts, paths["spoofs"], **common)
    return {name: Library(path) for name, path in paths.items()}


def _scenes(suite, libraries, size):
    """Test scenes of all conditions that devices are compared on, and of that of the long training."""
    for name in dict.fromkeys((*TEST_ON.values(), *ARRAYS.values(), UNSEEN)):
        condition = suite["conditions"][name]
        for index in range(max(size.unseen, size.scenes) if name == UNSEEN else size.scenes):
            scene = draw(condition, name=name, split="test", index=index, seed=SEED, fs=suite["fs"], **libraries)
            signals = render(scene, **libraries)
            target = signals.early if condition["reference"] == "early" else signals.images[:, 0]
            yield TestScene(
                f"{name}-{index}", name, suite["fs"], np.asarray(scene.array).tolist(), signals.mixture, target
            )


def main(arguments=None) -> int:
    """Make the bundle and say how large it is; status 1 where it is too large."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu.prepare", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder to write; whatever is there is replaced")
    parser.add_argument("--toy", action="store_true", help="networks and corpora for a dry run of a minute on a CPU")
    given = parser.parse_args(arguments)
    shutil.rmtree(given.folder, ignore_errors=True)
    prepare(given.folder, TOY if given.toy else Size())
    megabytes = sum(path.stat().st_size for path in given.folder.rglob("*") if path.is_file()) / 1e6
    print(f"{given.folder}: {megabytes:.1f} MB")
    return int(megabytes > LARGEST_MB)


if __name__ == "__main__":
    sys.exit(main())
