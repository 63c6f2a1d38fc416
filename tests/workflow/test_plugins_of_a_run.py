"""Plugins outside of the project, with their sizes: found again by what the run left, and notes where they are gone."""

import json
import shutil

import pytest

from cocktail.boards.leaderboard import write_entries
from cocktail.cli.run import selection
from cocktail.errors import CocktailError
from cocktail.workflow.files import plugins_of_run
from cocktail.workflow.plan import Plan, plan_of
from cocktail.workflow.suite import load_suite

SUITE = "suite: mine\nconditions: [stationary]\nmethods: all\nsize: small\nparameters: {my_gate: {gain: 0.25}}\n"
LEARNS = "def fit(self, data, rng, folder):\n    pass\n\ndef load(self, folder):\n    return None\n"


@pytest.fixture
def suite(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(SUITE)
    return tmp_path / "mine.yaml"


def run(suite, *folders, into=""):
    """What a run with these folders of plugins leaves of its entries."""
    plan = Plan(load_suite(str(suite), selection(suite, [f"{folder}/" for folder in folders], [])), str(suite))
    write_entries(plan.contents.cards(), plan.folder / into)
    return plan


@pytest.mark.parametrize("into", ["", "partial"])
def test_a_plugin_of_the_run_is_found_again_with_its_values(suite, write_plugin, into):
    made = run(suite, write_plugin("my_gate"), into=into)
    assert plugins_of_run(made.folder) == {"my-gate": suite.parent / "plugins"}
    again = plan_of("mine.yaml")
    assert again.known["my-gate"].make().gain == 0.25
    assert again.cells == made.cells and ("stationary", "my-gate") in again.cells
    assert again.notes == []


def test_cards_name_the_folders_that_the_user_named_and_no_others(suite, write_plugin):
    folders = {card["entry"]: card.get("folder") for card in run(suite, write_plugin("my_gate")).contents.cards()}
    assert folders["my-gate"] == str(suite.parent / "plugins")
    assert {folder for entry, folder in folders.items() if entry != "my-gate"} == {None}


def test_a_plugin_that_is_gone_is_a_note_and_so_are_its_values(suite, write_plugin):
    folder = write_plugin("my_gate")
    run(suite, folder)
    shutil.rmtree(folder)
    plan = plan_of("mine.yaml")
    assert "my-gate" not in plan.known
    gone, unknown = plan.notes
    assert gone == f"'my-gate' of the last run is left out: its plugin is gone from {folder}"
    assert unknown.endswith(
        "mine.yaml: parameters: no entry or plugin 'my_gate'; --methods DIR finds plugins of your own"
    )


@pytest.mark.parametrize("row", ["methods: [omlsa, my-gate]", "without: [my-gate]"])
def test_a_suite_that_names_what_is_gone_can_be_read_all_the_same(suite, write_plugin, row):
    folder = write_plugin("my_gate")
    suite.write_text(SUITE.replace("methods: all", row))
    write_entries([{"entry": "my-gate", "folder": str(folder)}], suite.parent / "results" / "mine")
    shutil.rmtree(folder)
    plan = plan_of("mine.yaml")
    assert "omlsa" in plan.entries and "my-gate" not in plan.entries
    shutil.rmtree(plan.folder)
    with pytest.raises(CocktailError, match="'my-gate'"):
        plan_of("mine.yaml")


def test_a_suite_with_the_name_of_a_shipped_one_is_noted(suite):
    suite.write_text("suite: quick\n")
    (note,) = plan_of("mine.yaml").notes
    assert note.startswith(f"{suite}: suite: quick.yaml is called 'quick', too")
    assert plan_of("quick").notes == []


def test_values_of_what_is_not_known_yet_are_a_note_and_those_of_a_misspelt_name_an_error(suite):
    (note,) = plan_of("mine.yaml").notes
    assert note.startswith(f"{suite}: parameters: no entry or plugin 'my_gate'")
    suite.write_text(SUITE.replace("my_gate", "oracle_msk"))
    with pytest.raises(CocktailError, match=r"no entry or plugin 'oracle_msk'; did you mean 'oracle_mask'"):
        plan_of("mine.yaml")


def test_a_plugin_that_has_moved_is_not_taken_twice(suite, write_plugin, tmp_path):
    folder = write_plugin("my_gate")
    run(suite, folder)
    shutil.copytree(folder, tmp_path / "elsewhere")
    plan = plan_of("mine.yaml", [tmp_path / "elsewhere"])
    assert plan.known["my-gate"].plugin.path.parent == tmp_path / "elsewhere"


def test_folders_of_the_command_line_come_to_those_of_the_suite(suite, write_plugin, tmp_path):
    suite.write_text(SUITE + f"plugins: [{write_plugin('my_gate')}]\n")
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(tmp_path / "plugins" / "my_gate.py", other / "gate_2.py")
    assert {"my-gate", "gate-2"} <= run(suite, other).entries.keys()


@pytest.mark.parametrize("text", ["", "\0\0", "[{}]"])
def test_a_broken_table_of_entries_hides_nothing_else(suite, text):
    folder = suite.parent / "results" / "mine"
    folder.mkdir(parents=True)
    (folder / "entries.json").write_text(text)
    assert plugins_of_run(folder) == {}


def test_a_network_of_the_user_s_without_a_size_is_a_note(suite, write_plugin):
    attributes = "task = 'enhance'; paradigm = 'source-model'\n    epochs: int = 70"
    folder = write_plugin("my_net", base="LearnedMethod", attributes=attributes, more=LEARNS)
    (note,) = [note for note in plan_of("mine.yaml", [folder]).notes if "my_net" in note]
    assert note.startswith(f"{folder}/methods.yaml: no size 'small' of 'my_net'") and "70 epochs" in note
    (folder / "methods.yaml").write_text("my-net: {}\nsizes: {my_net: {small: {epochs: 3}}}\n")
    plan = plan_of("mine.yaml", [folder])
    assert not [note for note in plan.notes if "my_net" in note] and plan.known["my-net"].make().epochs == 3


def test_rows_and_sizes_beside_an_installed_module(tmp_path, monkeypatch, write_plugin):
    from importlib.metadata import EntryPoint

    from cocktail.plugins import registry

    folder = write_plugin("their_gate")
    (folder / "methods.yaml").write_text("soft: {plugin: their_gate}\nsizes: {their_gate: {tiny: {gain: 0.5}}}\n")
    monkeypatch.syspath_prepend(folder)
    points = [EntryPoint("their_gate", "their_gate", registry.GROUP)]
    monkeypatch.setattr(registry.importlib.metadata, "entry_points", lambda group: points)
    found = registry.Registry()
    assert found.sized("tiny", {}, "a test")["soft"].make().gain == 0.5
    assert "their-gate" not in found.entries
    assert json.dumps(found.entry("soft").spec())
