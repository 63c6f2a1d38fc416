"""What models gain on recordings: a run without models on a made folder, and what is said where there is none."""

import csv
import io
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from rich.console import Console

from benchmarks import transfer

FS = 16000
SUITE = """
suite: mine
corpora:
  speech: [{adapter: grid-tts, speakers: {train: 1, valid: 0, test: 2}, utterances: {train: 1, valid: 0, test: 2}}]
  noise: [{adapter: synthetic, kinds: [white, hammer], seconds: 4, recordings: {train: 1, valid: 0, test: 1}}]
noise_groups: {stationary: [white], nonstationary: [hammer], household: [white], public: [white], background: [white]}
conditions: [stationary, nonstationary]
"""


def table(folder, rows):
    """A CSV file of recordings: (name, samples, columns)."""
    folder.mkdir(parents=True)
    with (folder / "metadata.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["path", *rows[0][2]])
        writer.writeheader()
        for name, samples, columns in rows:
            soundfile.write(folder / f"{name}.flac", samples, FS)
            writer.writerow({"path": f"{folder.parent.name}/{folder.name}/{name}.flac", **columns})


def voice(f0, seconds=2.0):
    """A harmonic tone in syllables of 0.2 s."""
    t = np.arange(round(seconds * FS)) / FS
    return 0.1 * sum(np.sin(2 * np.pi * k * f0 * t) / k for k in range(1, 9)) * (t % 0.4 < 0.2)


@pytest.fixture
def data(tmp_path):
    root, generator = tmp_path / "data", np.random.default_rng(0)
    spoken = [(f"s{i}", voice(120 + 40 * i), {"speaker": f"p{i % 2}"}) for i in range(4)]
    table(root / "speech" / "librispeech_other", spoken)
    for name, kinds in transfer.NOISES.items():
        noise = [(kind, 0.05 * generator.standard_normal(4 * FS), {"label": kind}) for kind in kinds]
        table(root / "noise" / name, noise)
    return root


def test_a_missing_folder_is_said(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["transfer.py"])
    for value, said in ((None, "COCKTAIL_DATA is not set"), ("/nowhere", "COCKTAIL_DATA is '/nowhere'")):
        monkeypatch.delenv("COCKTAIL_DATA", raising=False)
        if value:
            monkeypatch.setenv("COCKTAIL_DATA", value)
        assert transfer.main() == 2
        assert f"{said}: it must name the folder of recordings" in capsys.readouterr().err


def test_gains_are_measured_on_recordings_and_on_the_board(tmp_path, data, monkeypatch):
    monkeypatch.setattr(transfer, "OF_EACH", 1)
    monkeypatch.setattr(transfer, "ON_BOARD", 4)
    (tmp_path / "mine.yaml").write_text(SUITE)
    out = io.StringIO()
    entries = ("unprocessed", "wiener", "mmse-lsa")
    transfer.measure(str(tmp_path / "mine.yaml"), tmp_path, data, entries, Console(file=out, width=140))
    text = out.getvalue()
    rows = {words[0]: words[1:] for words in map(str.split, text.splitlines()) if words and words[0] in entries}
    assert set(rows["unprocessed"][::3]) == {"+0.00", "+0.000"}
    for entry in ("wiener", "mmse-lsa"):  # all of this noise is white
        assert float(rows[entry][0]) > 2
    assert "3 entries, SI-SDR:" in text


def test_an_entry_may_run_with_the_model_of_another(monkeypatch):
    monkeypatch.setattr(transfer, "trained", lambda plan, entry, tables: f"model of {entry}")
    rows = {"net": None, "net-post": "net", "wiener": None}
    plan = SimpleNamespace(known={name: SimpleNamespace(model=row) for name, row in rows.items()}, trained=["net"])
    assert transfer.trained_all(plan, tuple(rows), {}) == {"net": "model of net", "net-post": "model of net"}


def test_the_seven_noises_are_of_equal_weight(data):
    parts = transfer.recorded(data)
    assert [len(part["where"]["label"]) for part in parts["noise"]] == [5, 1, 1]
    assert {part["split"] for part in (*parts["speech"], *parts["noise"])} == {"test"}


def test_no_tau_is_said_of_two_entries():
    out, gains = io.StringIO(), {"a": np.zeros((9, 2)), "b": np.ones((9, 2))}
    transfer.show(gains, gains, 50, Console(file=out, width=140))
    assert "no tau of fewer than 3 entries" in out.getvalue()
