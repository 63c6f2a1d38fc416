"""Published figures: what they are, and ours beside them after a run on the publisher's own mixtures."""

import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import yaml

from cocktail import ROOT, tables
from cocktail.boards.leaderboard import read_board
from cocktail.boards.published import Figure, beside, read
from cocktail.corpora import adapters
from cocktail.corpora.adapters import PUBLISHED, build
from cocktail.corpora.library import Library
from cocktail.metrics.si_sdr import si_sdr
from cocktail.plugins.registry import Registry
from cocktail.report.published import show
from cocktail.report.terminal import wide_console
from cocktail.workflow.suite import load_suite, suites

GIVEN = [name for name in suites() if any("given" in x for x in load_suite(name)["conditions"].values())]


def test_the_figures_that_the_field_compares_with_are_there():
    found = {(x.corpus, x.entry, x.metric, x.published) for x in read()}
    assert found >= {
        ("voicebank-demand", "unprocessed", "pesq_wb", 1.97),
        ("voicebank-demand", "unprocessed", "stoi", 0.92),
        ("voicebank-demand", "unprocessed", "si_sdr", 8.44),
        ("wsj0-2mix", "oracle-ibm", "si_sdr", 13.48),
        ("wsj0-2mix", "oracle-irm", "si_sdr", 12.69),
        ("wsj0-2mix", "oracle-psf", "si_sdr", 16.43),
        ("chime2", "blstm-psa", "sdr", 14.51),
        ("chime3", None, "wer", 19.28),
    }


def test_figures_name_entries_corpora_and_sources_that_exist():
    entries = Registry().entries
    for figure in read():
        assert figure.entry is None or figure.entry in entries
        assert figure.corpus in PUBLISHED and figure.source


@pytest.mark.parametrize("name", GIVEN)
def test_a_suite_of_a_publishers_mixtures_is_compared_with_him(name):
    config = load_suite(name)
    (condition,) = config["conditions"]
    row = {"condition": condition, "entry": "oracle-ibm", "metric": "si_sdr", "value": 1.0, "n_ok": config["scenes"]}
    figures = beside(config, [row])
    assert figures and {figure.corpus for figure in figures} == {name}
    assert {figure.condition for figure in figures} == {condition}
    part = next(part for part in adapters.published(name).parts if part.split == "test" and part.files and (
        not adapters.published(name).default or part.name in adapters.published(name).default))  # fmt: skip
    assert part.files == 2 * config["scenes"]  # two files a mixture


def test_drawn_scenes_are_not_compared():
    config = load_suite("wsj0-2mix")
    row = {"condition": "two-talkers", "entry": "oracle-ibm", "metric": "si_sdr", "value": 13.0, "n_ok": 3000}
    (ours,) = [x.ours for x in beside(config, [row]) if x.ours is not None]
    assert ours == 13.0
    del config["conditions"]["two-talkers"]["given"]
    assert all(figure.ours is None for figure in beside(config, [row]))
    assert beside(load_suite("quick"), [row]) == []


def test_a_table_has_both_and_their_difference():
    figures = [
        Figure("c", "x", "noisy", "unprocessed", "si_sdr", 8.44, "somebody", 8.40, 824),
        Figure("c", "x", "better", None, "si_sdr", 17.8, "somebody else"),
    ]
    console = wide_console()
    with console.capture() as captured:
        show(figures, console=console)
    lines = captured.get().splitlines()
    assert lines[0].split() == ["Published", "on", "c:", "si_sdr", "↑"]
    assert lines[2].split() == ["better", "17.80", "–", "somebody", "else"]
    assert lines[3].split() == ["noisy", "unprocessed", "8.44", "8.40", "(824)", "-0.04", "somebody"]


@pytest.fixture(scope="module")
def voicebank(tmp_path_factory):
    """VoiceBank-DEMAND's layout, made of the embedded corpora's sentences: nine pairs to train, four to test."""
    root = tmp_path_factory.mktemp("voicebank")
    parts = {"speakers": {"train": 3, "valid": 0, "test": 2}, "utterances": {"train": 3, "test": 2}}
    build([{"adapter": "grid-tts"} | parts], "speech", root / "s.parquet", seed=0, fs=16000)
    noises = {"kinds": ["pink"], "seconds": 4, "recordings": {"train": 1, "valid": 0, "test": 1}}
    build([{"adapter": "synthetic"} | noises], "noise", root / "n.parquet", seed=0, fs=16000)
    speech, noise = Library(root / "s.parquet"), Library(root / "n.parquet")
    for split, part, first in (("train", "trainset_28spk", 225), ("test", "testset", 231)):
        lines = []
        for i, row in enumerate(speech.select(split)):
            name = f"p{first + int(row['speaker'][-2:])}{row['gender'][0]}_{i:03d}"
            clean = 0.5 * speech.samples(row["utterance"], 16000)
            added = 0.1 * noise.samples(f"pink-{split}-00", 16000)[: len(clean)]
            for kind, x in (("clean", clean), ("noisy", clean + added)):
                path = root / f"data/voicebank-demand/{kind}_{part}_wav/{name}.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, x, 16000)
            lines.append(f"{name} {'bus' if split == 'test' else 'car'} 10\n")
        (root / f"data/voicebank-demand/log_{part}.txt").write_text("".join(lines))
    return root / "data"


@pytest.mark.slow
def test_a_run_on_the_publishers_pairs(voicebank, tmp_path):
    suite = yaml.safe_load((ROOT / "config" / "voicebank-demand.yaml").read_text()) | {
        "suite": "theirs", "scenes": 4, "shard_size": 4, "resamples": 100,
        "methods": ["clean", "wiener"], "metrics": ["si_sdr", "stoi"],
    }  # fmt: skip
    for kind in ("speech", "noise"):
        suite["corpora"][kind][0]["partial"] = True
    (tmp_path / "theirs.yaml").write_text(yaml.safe_dump(suite))

    def cocktail(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "cocktail", *arguments],
            cwd=tmp_path,
            env=os.environ | {"COCKTAIL_DATA": str(voicebank), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    cocktail("run", "theirs.yaml", "--cores", "2")
    results = tmp_path / "results" / "theirs"
    board = {(row["entry"], row["metric"]): row for row in read_board(results / "leaderboard.csv")}
    folder = voicebank / "voicebank-demand"
    expected = [
        si_sdr(reference=soundfile.read(clean)[0], estimate=soundfile.read(noisy)[0])
        for clean, noisy in zip(
            *(sorted((folder / f"{kind}_testset_wav").iterdir()) for kind in ("clean", "noisy")), strict=True
        )
    ]
    assert board["unprocessed", "si_sdr"]["value"] == pytest.approx(np.mean(expected), abs=1e-3)
    assert board["unprocessed", "si_sdr"]["n_ok"] == len(expected) == 4
    assert {row["noise"] for row in tables.read_rows(results / "scenes.parquet")} == {"bus"}
    cocktail("verify", "theirs.yaml")
    shown = cocktail("leaderboard", "theirs.yaml", "--metric", "si_sdr")
    line = next(line.split() for line in shown.splitlines() if line.split()[:2] == ["noisy", "unprocessed"])
    assert line[2:4] == ["8.44", f"{np.mean(expected):.2f}"]
