"""The copy of the project that the documents' commands are executed in: small suites, one finished, recordings."""

import contextlib
import csv
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import published_trees
import soundfile
import yaml

from cocktail import ROOT
from cocktail.corpora.library import Library
from cocktail.corpora.published.librispeech import SETS
from cocktail.plugins.registry import Registry
from cocktail.workflow.suite import suites

LEFT_OUT = (".git", ".venv", ".snakemake", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info", "results", "site")
FS = 16000
SIZES = {
    "scenes": 2,
    "shard_size": 2,
    "metrics": ["si_sdr", "pesq_wb", "wer", "rtf"],
    "resamples": 100,
    "rooms": 2,
    "size": "tiny",
    "parameters": {},
}
"""Of every suite."""
METHODS = {"unprocessed", "oracle-irm", "omlsa"}
TRAINED = METHODS | {"clean", "nmf-sparse", "delay-and-sum", "dpcl"}
"""Entries that are left of a suite with made corpora; METHODS of others. What a test adds to them runs, too."""
MADE = {
    "speech": [{"adapter": "grid-tts", "utterances": {"train": 3, "valid": 2, "test": 3}}],
    "noise": [{"adapter": "synthetic", "seconds": 6, "recordings": {"train": 1, "valid": 1, "test": 1}}],
}
CONDITIONS = ["stationary", "tablet", "two-talkers"]
"""Those that are left of a suite that has any of them: one microphone, several, and what `dpcl` learns from."""


@dataclass(frozen=True)
class Copy:
    """A copy of the project in `folder`, and a home beside it."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "project"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def bash(self, script: str, timeout_s: float = 800) -> subprocess.CompletedProcess:
        """Run a script in the copy, with its own home and command `cocktail`."""
        environment = {name: value for name, value in os.environ.items() if name not in ("COCKTAIL_DATA", "PYTHONHOME")}
        environment |= {
            "HOME": str(self.home),
            "PATH": f"{self.root / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.root),
            "EDITOR": "true",
            "OMP_NUM_THREADS": "1",
        }
        files = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        command = ["bash", "-c", script]
        with subprocess.Popen(
            command, cwd=self.root, env=environment, text=True, start_new_session=True, **files
        ) as shell:
            try:
                output, _ = shell.communicate(timeout=timeout_s)
            finally:
                stop(shell)
        return subprocess.CompletedProcess(command, shell.returncode, output)

    def again(self, folder: Path) -> "Copy":
        """Another copy, which may be spoilt."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Copy(folder)


def stop(shell: subprocess.Popen) -> None:
    """End what a shell may have left running, and the shell."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGKILL)


def prepare(folder: Path) -> Copy:
    """A copy of the project with small suites, where `make run` has run."""
    copy = Copy(folder)
    shutil.copytree(ROOT, copy.root, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (copy.root / "results").mkdir()
    shutil.copy(ROOT / "results" / "README.md", copy.root / "results")
    copy.home.mkdir()
    for path in suites().values():
        shrink(copy.root / path.relative_to(ROOT))
    _link_environment(copy.root / ".venv")
    done = copy.bash("make run")
    assert done.returncode == 0, done.stdout
    record(copy)
    return copy


def shrink(path: Path) -> None:
    """Make a suite small: its own corpora, and conditions that no other suite has, few of everything."""
    suite = yaml.safe_load(path.read_text())
    for key in ("scorers", "retrain", "spoofs", "train_limit_s"):
        suite.pop(key, None)
    own = "corpora" in suite and suite["suite"] != "full"
    suite |= SIZES | ({"metrics": ["si_sdr", "pesq_wb"]} if own else {"corpora": MADE})
    suite["without"] = sorted(Registry().entries.keys() - (METHODS if own else TRAINED))
    for part in [part for parts in suite["corpora"].values() for part in parts]:
        if part["adapter"] not in ("folder", "grid-tts", "synthetic", "synthetic-coughs"):
            part["partial"] = True
    conditions = suite.get("conditions", CONDITIONS[:1]) if own else CONDITIONS
    suite["conditions"] = [name for name in CONDITIONS if name in conditions] or conditions
    path.write_text(yaml.safe_dump(suite, sort_keys=False))


def _link_environment(folder):
    """The environment that the tests run in, as the copy's own, up to date."""
    folder.mkdir()
    for path in Path(sys.prefix).iterdir():
        if path.name != ".installed":
            (folder / path.name).symlink_to(path)
    (folder / ".installed").touch()


def record(copy: Copy) -> None:
    """Recordings that the documents name: files in the project, `~/recordings` and `~/corpora`."""
    library = Library(copy.root / "results" / "quick" / "corpora" / "speech.parquet")
    spoken = [(row, np.array(library.samples(row["utterance"], FS))) for row in library.rows]
    mixture = spoken[0][1] + 0.02 * np.random.default_rng(0).standard_normal(len(spoken[0][1]))
    soundfile.write(copy.root / "in.wav", mixture, FS)
    soundfile.write(copy.root / "reference.wav", spoken[0][1], FS)
    soundfile.write(copy.root / "estimate.wav", mixture, FS)
    _clips(copy.root, spoken)
    _recordings(copy.home / "recordings", spoken)
    _librispeech(copy.home / "corpora")
    _voicebank(copy.home / "corpora" / "voicebank-demand", spoken)


def _table(path, rows, root):
    """A CSV file, with paths relative to `root`, and the recordings it lists: rows of (path, samples, columns)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["path", *rows[0][2]])
        writer.writeheader()
        for name, samples, columns in rows:
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(target, samples, FS, subtype="PCM_16")
            writer.writerow({"path": name, **columns})


def _speech(folder, spoken):
    return [
        (f"{folder}/{i}.wav", samples, {"speaker": row["speaker"], "transcript": row["text"]})
        for i, (row, samples) in enumerate(spoken)
    ]


def _noise(folder, kinds, folds=3, seconds=8):
    generator = np.random.default_rng(0)
    return [
        (f"{folder}/{kind}-{fold}.wav", 0.05 * generator.standard_normal(seconds * FS), {"label": kind, "fold": fold})
        for kind in kinds
        for fold in range(1, folds + 1)
    ]


def _clips(root, spoken):
    """What the suite of the page about your own corpus reads."""
    _table(root / "clips.csv", _speech("clips", spoken), root)
    _table(root / "noise.csv", _noise("noises", ["fan", "street"], folds=8), root)


def _recordings(root, spoken):
    """What config/real.yaml names, in the folder that COCKTAIL_DATA is."""
    suite = yaml.safe_load((ROOT / "config" / "real.yaml").read_text())
    kinds = sorted({kind for group in suite["noise_groups"].values() for kind in group})
    speakers = sorted({row["speaker"] for row, _ in spoken})
    for kind, parts in suite["corpora"].items():
        for i, path in enumerate(dict.fromkeys(part["table"] for part in parts)):
            folder = path.removeprefix("${COCKTAIL_DATA}/").removesuffix("/metadata.csv")
            mine = [pair for pair in spoken if speakers.index(pair[0]["speaker"]) % 2 == i % 2]
            rows = _speech(folder, mine) if kind == "speech" else _noise(folder, kinds)
            _table(root / folder / "metadata.csv", rows, root)


def _librispeech(root):
    """One part as complete as its publisher ships it, so that nothing is to be downloaded."""
    published_trees.librispeech(root)
    shutil.rmtree(root / "LibriSpeech" / "test-clean")
    folder = root / "LibriSpeech" / "dev-clean" / "84" / "12"
    first = folder / "84-12-0000.flac"
    names = [f"84-12-{i:04d}" for i in range(SETS["dev-clean"][1])]
    (folder / "84-12.trans.txt").write_text("".join(f"{name} GO DO YOU HEAR\n" for name in names))
    for name in names[3:]:
        shutil.copyfile(first, folder / f"{name}.flac")


def _voicebank(root, spoken):
    """Pairs of a few of its speakers, with its lists."""
    generator = np.random.default_rng(0)
    for part, speakers in (("trainset_28spk", ("p226", "p227")), ("testset", ("p232", "p257"))):
        names = []
        for speaker in speakers:
            for i, (_, samples) in enumerate(spoken[:3]):
                names.append(f"{speaker}_{i:03d}")
                noisy = samples + 0.02 * generator.standard_normal(len(samples))
                for kind, x in (("clean", samples), ("noisy", noisy)):
                    path = root / f"{kind}_{part}_wav" / f"{names[-1]}.wav"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    soundfile.write(path, 0.5 * x, FS, subtype="PCM_16")
                published_trees.text(root / f"{part}_txt" / f"{names[-1]}.txt", "Please call Stella.\n")
        published_trees.text(root / f"log_{part}.txt", "".join(f"{name} bus 7.5\n" for name in names))
