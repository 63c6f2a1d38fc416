"""A copy of the project and a suite of few cells, for tests that run the workflow and spoil things."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

from cocktail import ROOT

MICRO = """
suite: micro
scenes: 4
shard_size: 2
conditions: [stationary, two-talkers-array]
methods: [unprocessed, oracle-irm, wiener, nmf-sparse, delay-and-sum]
metrics: [si_sdr, sdr, wer, rtf]
resamples: 100
corpora:
  speech: [{adapter: grid-tts, utterances: {train: 2, valid: 1, test: 2}}]
  noise: [{adapter: synthetic, seconds: 6, recordings: {train: 1, valid: 1, test: 1}}]
"""
FIRST_CONDITION = ("conditions: [stationary, two-talkers-array]", "conditions: [stationary]")
"""What makes the suite `micro` one of a single condition (`edit_suite`)."""


class Project:
    """A copy of the project, and a folder that the suite `micro` is run in."""

    def __init__(self, folder: Path):
        self.root, self.work = folder / "project", folder / "work"
        parts = ["Snakefile", "rules", "scripts", "cocktail", "methods", "config"]
        for part in parts:
            source = ROOT / part
            copy = shutil.copytree if source.is_dir() else shutil.copy
            (self.root).mkdir(parents=True, exist_ok=True)
            copy(source, self.root / part)
        self.work.mkdir()
        (self.work / "micro.yaml").write_text(MICRO)
        self.results = self.work / "results" / "micro"

    def command(self, *arguments) -> list[str]:
        return [sys.executable, "-m", "cocktail", *arguments]

    def environment(self) -> dict:
        return os.environ | {"PYTHONPATH": str(self.root)}

    def cocktail(self, *arguments, check=0, **keywords) -> subprocess.CompletedProcess:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.work,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=600,
            **keywords,
        )
        assert check is None or done.returncode == check, done.stdout + done.stderr + self.log()
        return done

    def run(self, *arguments, check=0):
        return self.cocktail("run", "micro.yaml", "--cores", "2", *arguments, check=check)

    def log(self) -> str:
        path = self.results / "logs" / "snakemake.log"
        return path.read_text() if path.exists() else ""

    def pending(self, *arguments) -> set[str]:
        """Outputs, relative to the suite's results, that a run would make."""
        done = self.cocktail("run", "micro.yaml", *arguments, "--", "--dry-run")
        lines = done.stdout.splitlines()
        found = {
            part.strip().removeprefix("results/micro/")
            for line in lines
            if line.strip().startswith("output: ")
            for part in line.split("output: ")[1].split(",")
        }
        assert found or "Nothing to be done" in done.stdout, done.stdout
        return found

    def board(self, condition: str | None = None) -> list[dict]:
        """The rows of the board, or those of a condition."""
        with (self.results / "leaderboard.csv").open() as file:
            return [row for row in csv.DictReader(file) if condition in (None, row["condition"])]

    def edit_suite(self, old: str, new: str):
        text = (self.work / "micro.yaml").read_text()
        assert old in text, f"the suite holds no {old!r}"
        (self.work / "micro.yaml").write_text(text.replace(old, new, 1))
