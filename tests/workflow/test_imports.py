"""Estimates of other programs: what is exported for them, and every fault of what comes back."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from cocktail import audio, cli, tables
from cocktail.errors import CocktailError
from cocktail.processing.imported import imported_shard
from cocktail.rng import rng
from cocktail.scenes.scene import scene_id
from cocktail.workflow.imports import exportable, import_estimates
from cocktail.workflow.manifest import read_manifest
from cocktail.workflow.plan import Plan
from cocktail.workflow.suite import load_suite, suite_path

FS = 16000
N = 8000
SUITE = """
suite: mine
scenes: 3
shard_size: 2
conditions: [stationary, two-talkers, speakers]
methods: [unprocessed]
"""


def write_mixtures(plan, condition, talkers, seed=0):
    generator = rng(seed, condition, role="test")
    for shard in plan.shards:
        rows = []
        for index in plan.scene_indices(shard):
            name = scene_id(condition, "test", index)
            mixture = tables.pack(0.1 * generator.standard_normal((1, N)), FS, "mixture")
            rows.append({"scene": name, "condition": condition, "fs": FS, "n_sources": talkers, "mixture": mixture})
        tables.write_rows(plan.mixtures(condition, shard), rows, tables.MIXTURES)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A suite with mixtures, and what was exported of it, with estimates: each mixture at half its level."""
    root = tmp_path_factory.mktemp("imports")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        (root / "mine.yaml").write_text(SUITE)
        plan = Plan(load_suite("mine.yaml"), "mine.yaml")
        for condition, talkers in (("stationary", 1), ("two-talkers", 2)):
            write_mixtures(plan, condition, talkers)
        done = CliRunner().invoke(cli.main, ["export", "mine.yaml", "scenes", "there", "--blind"])
        assert done.output == "7 files under there\n", done.output
    for item in read_manifest(root / "there"):
        x, _ = audio.read(root / "there" / item.mixture)
        for path in item.estimates:
            audio.write(root / "there" / path, x / 2, FS)
    return root


@pytest.fixture
def copy(made, tmp_path, monkeypatch):
    """A copy of all that, to spoil, as the folder one is in."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "there"


def plan():
    return Plan(load_suite("mine.yaml"), "mine.yaml")


def command(*arguments):
    done = CliRunner().invoke(cli.main, ["import", "mine.yaml", *arguments])
    return done.exit_code, done.output


FIRST = "stationary/stationary-test-00000_1.wav"


def test_a_blind_export_has_mixtures_and_no_truth(copy):
    items = read_manifest(copy)
    assert [item.scene for item in items if item.condition == "two-talkers"] == [
        scene_id("two-talkers", "test", index) for index in range(3)
    ]
    assert items[0].estimates == (FIRST,)
    assert items[-1].estimates == tuple(f"two-talkers/two-talkers-test-00002_{k}.wav" for k in (1, 2))
    assert (items[0].fs, items[0].channels, items[0].samples) == (FS, 1, N)
    names = {path.relative_to(copy).as_posix() for path in copy.rglob("*.wav")}
    assert names == {path for item in items for path in (item.mixture, *item.estimates)}
    assert not (copy / "speakers").exists(), "nobody estimates signals there"


def test_the_digest_is_that_of_the_samples_in_the_file(copy):
    """As any program finds it: the last bytes of a WAV file of 32-bit floats are its samples."""
    import hashlib

    item = read_manifest(copy)[0]
    data = (copy / item.mixture).read_bytes()[-4 * N :]
    assert item.sha256 == hashlib.sha256(data).hexdigest()


def test_what_is_imported_is_an_entry_with_the_estimates_as_they_were(copy, tmp_path):
    counts, shifts = import_estimates(plan(), "my-matlab", copy)
    assert (counts, shifts) == ({"stationary": 3, "two-talkers": 3}, [])
    again = plan()
    assert [cell for cell in again.cells if cell[1] == "my-matlab"] == [
        ("stationary", "my-matlab"), ("two-talkers", "my-matlab"),
    ]  # fmt: skip
    card = next(card for card in again.contents.cards() if card["entry"] == "my-matlab")
    assert card["family"] == "imported"
    shard = again.process_input("two-talkers", "my-matlab", "001", "test")
    imported_shard(mixtures=shard["mixtures"], imported=shard["imported"], out=tmp_path / "out.parquet")
    (row,) = tables.read_rows(tmp_path / "out.parquet")
    assert (row["status"], row["seconds"], row["duration"]) == ("ok", None, N / FS)
    expected, _ = audio.read(copy / "two-talkers" / "two-talkers-test-00002_2.wav")
    np.testing.assert_allclose(tables.unpack(row["estimate"][1]), expected, atol=1e-6)


def test_a_part_is_imported_and_the_rest_is_skipped_with_the_reason(copy):
    rows = (copy / "manifest.csv").read_text().splitlines()
    (copy / "manifest.csv").write_text("\n".join(row for row in rows if "two-talkers" not in row) + "\n")
    shutil.rmtree(copy / "two-talkers")
    import_estimates(plan(), "part", copy)
    again = plan()
    assert ("stationary", "part") in again.cells
    (absent,) = [x for x in again.absent if (x.condition, x.entry) == ("two-talkers", "part")]
    assert (absent.status, absent.reason) == ("skipped", "no estimates of this condition were imported")


def test_scenes_that_have_changed_make_the_estimates_stale(copy, tmp_path):
    import_estimates(plan(), "old", copy)
    again = plan()
    write_mixtures(again, "stationary", 1, seed=1)
    for shard, lost in (("000", False), ("001", True)):
        paths = again.process_input("stationary", "old", shard, "test")
        if lost:
            tables.write_rows(paths["imported"], [], tables.read_table(paths["imported"]).schema)
        imported_shard(mixtures=paths["mixtures"], imported=paths["imported"], out=tmp_path / "out.parquet")
        for row in tables.read_rows(tmp_path / "out.parquet"):
            assert row["status"] == "failed"
            assert row["reason"].startswith("stale: ")
            assert ("was not there" if lost else "has changed") in row["reason"]
    status, out = command("again", str(copy))
    assert status == cli.ERROR
    assert "3 of 6 scenes have changed since the export" in out and "export mine.yaml scenes DIR --blind" in out


def _cut(path):
    x, _ = audio.read(path)
    audio.write(path, x[:, :-10], FS)


def _two_channels(path):
    x, _ = audio.read(path)
    audio.write(path, np.repeat(x, 2, axis=0), FS)


def _rate(path):
    x, _ = audio.read(path)
    audio.write(path, x, 8000)


def _not_finite(path):
    x, _ = audio.read(path)
    x[0, 3] = np.nan
    audio.write(path, x, FS)


def _renamed(path):
    path.rename(path.with_name("estimate.wav"))


@pytest.mark.parametrize(
    ("spoil", "messages"),
    [
        (Path.unlink, [f"1 of 9 estimates are missing: {FIRST}"]),
        (_renamed, ["1 of 9 estimates are missing", "1 files belong to no scene: stationary/estimate.wav"]),
        (_cut, [f"{FIRST}: {N - 10} samples, 10 fewer than its mixture"]),
        (_two_channels, [f"{FIRST}: 2 channels"]),
        (_rate, [f"{FIRST}: 8000 Hz, the mixture has 16000 Hz"]),
        (_not_finite, [f"{FIRST}: has samples that are not finite"]),
        (lambda path: path.write_bytes(b"nothing"), [f"{FIRST}: cannot be decoded"]),
        (lambda path: path.parents[1].joinpath("manifest.csv").unlink(), ["no manifest.csv"]),
        (lambda path: path.parents[1].joinpath("manifest.csv").write_text("a,b\n"), ["columns should be condition"]),
    ],
)
def test_every_fault_is_named_and_nothing_is_taken_in(copy, spoil, messages):
    spoil(copy / FIRST)
    status, out = command("mine", str(copy))
    assert status == cli.ERROR
    assert all(message in out for message in messages), out
    assert plan().imports == {}


def test_scenes_that_are_not_the_suites_are_named(copy):
    text = (copy / "manifest.csv").read_text()
    (copy / "manifest.csv").write_text(text.replace("stationary-test-00001,", "stationary-test-00009,"))
    status, out = command("mine", str(copy))
    assert status == cli.ERROR
    assert "no scene stationary-test-00009" in out and "scene stationary-test-00001 is missing" in out


@pytest.mark.parametrize(
    ("name", "message"),
    [("a/b", "no slash"), ("omlsa", "the name 'omlsa' is taken by the entry in"), ("..", "cannot name an entry")],
)
def test_a_name_that_cannot_be_is_refused(copy, name, message):
    status, out = command(name, str(copy))
    assert status == cli.ERROR
    assert message in out


def test_a_name_that_was_imported_is_replaced_only_if_so_asked(copy):
    assert command("mine", str(copy))[0] == 0
    x, _ = audio.read(copy / FIRST)
    audio.write(copy / FIRST, x / 2, FS)
    status, out = command("mine", str(copy))
    assert status == cli.ERROR and "--replace" in out
    assert command("mine", str(copy), "--replace")[0] == 0
    stored = tables.read_by_scene(plan().imported("stationary", "mine"))["stationary-test-00000"]
    np.testing.assert_allclose(tables.unpack(stored["estimate"][0]), x / 2, atol=1e-6)


def test_a_delay_of_all_files_is_named_with_its_length(copy):
    for path in copy.glob("stationary/*_1.wav"):
        x, _ = audio.read(path)
        audio.write(path, np.pad(x, ((0, 0), (320, 0)))[:, :N], FS)
    status, out = command("late", str(copy))
    assert status == cli.ERROR
    assert "stationary: 3 of 3 files are 320 samples (20.0 ms) behind their mixtures: cut that off" in out
    assert plan().imports == {}
    status, out = command("late", str(copy), "--shifted")
    assert status == 0
    assert "Note: stationary: 3 of 3 files are 320 samples (20.0 ms) behind" in out


def test_one_file_that_leads_is_a_note(copy):
    x, _ = audio.read(copy / FIRST)
    audio.write(copy / FIRST, np.pad(x, ((0, 0), (0, 80)))[:, 80:], FS)
    status, out = command("early", str(copy))
    assert status == 0
    assert "Note: stationary: 1 of 3 files are 80 samples (5.0 ms) ahead of their mixtures." in out


def test_a_condition_without_signals_to_estimate_is_refused(copy):
    with pytest.raises(CocktailError, match="its task is 'verify'"):
        exportable(plan(), ("speakers",))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_imported_estimates_stand_on_the_boards_and_survive_another_run(project):
    project.cocktail("export", "micro.yaml", "scenes", "there", "--blind", "--condition", "stationary")
    there = project.work / "there"
    for item in read_manifest(there):
        x, _ = audio.read(there / item.mixture)
        audio.write(there / item.estimates[0], x / 2, item.fs)
    done = project.cocktail("import", "micro.yaml", "my-matlab", "there")
    assert "my-matlab: stationary (4 scenes)" in done.stdout
    pending = project.pending()
    made = {path for path in pending if path.startswith(("estimates", "scores/"))}
    assert made == {
        f"{place}/{shard}.parquet"
        for place in ("estimates/stationary/test/my-matlab", "scores/stationary/my-matlab")
        for shard in ("000", "001")
    }
    done = project.run("--strict")
    shown = " ".join(done.stdout.split())
    assert "my-matlab: imported from another program; its costs were not measured." in shown
    assert "my-matlab: skipped: no estimates of this condition were imported" in shown
    assert "cocktail claims micro.yaml" in shown and "cocktail ui micro.yaml" in shown
    board = {(row["condition"], row["entry"], row["metric"]): row for row in project.board()}
    mine, before = (board["stationary", entry, "si_sdr"] for entry in ("my-matlab", "unprocessed"))
    assert float(mine["value"]) == pytest.approx(float(before["value"]), abs=1e-3)
    assert mine["n_ok"] == "4"
    assert ("stationary", "my-matlab", "rtf") not in board
    assert project.pending() == set()
    project.cocktail("verify", "micro.yaml")
    project.edit_suite("suite: micro", "suite: micro\nseed: 3")
    done = project.run("--methods", "my-matlab", "--conditions", "stationary")
    assert "my-matlab: failed in 4 scenes: method-failed: stale: the scene has changed" in " ".join(done.stdout.split())


def test_conditions_that_have_not_run_are_left_out_of_an_export_unless_they_are_named(copy):
    """A half of the folder, without its manifest, would be of no use."""
    scenes = plan().folder / "scenes"
    shutil.rmtree(scenes / "two-talkers")

    def export(*options):
        return CliRunner().invoke(cli.main, ["export", "mine.yaml", "scenes", "new", "--blind", *options])

    done = export("--condition", "stationary", "--condition", "two-talkers")
    assert done.exit_code == cli.ERROR and not Path("new").exists()
    assert "mine.yaml: no scenes yet of two-talkers; `cocktail run mine.yaml` first" in done.stderr
    done = export()
    assert "Note: no scenes yet of two-talkers, which are left out." in done.stderr
    assert {item.condition for item in read_manifest(Path("new"))} == {"stationary"}
    shutil.rmtree(scenes)
    assert "no scenes yet of stationary, two-talkers" in export().stderr


def test_messages_name_the_file_of_a_suite_that_is_not_shipped(copy):
    assert plan().called == "mine.yaml"
    assert Plan(load_suite("quick"), str(suite_path("quick"))).called == "quick"
