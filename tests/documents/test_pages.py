"""The documents: what they show works as shown, by the rule of tests/helpers/documented.py."""

import shlex

import click
import documented
import pytest
import yaml
from documented_project import prepare

from cocktail import ROOT
from cocktail.cli import main
from cocktail.config import merge, read_yaml
from cocktail.workflow.suite import check_suite

NAMES = {str(path.relative_to(ROOT)): path for path in documented.DOCUMENTS}
WITH_COMMANDS = [
    name for name, path in NAMES.items() if any(block.language == "bash" for block in documented.blocks(path))
]


@pytest.mark.parametrize("name", NAMES)
def test_every_block_says_what_it_is(name):
    for block in documented.blocks(NAMES[name]):
        assert block.language in documented.LANGUAGES, f"{block.place}: a block of {block.language or 'nothing'}"


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_a_rule(name):
    assert [fault for fault in map(documented.fault, documented.shown(NAMES[name])) if fault] == []


@pytest.mark.parametrize("name", NAMES)
def test_commands_in_the_text_exist(name):
    for command in documented.inline(NAMES[name]):
        assert _exists(command), f"{name}: `{command}`"


def _exists(command):
    program, *words = shlex.split(command)
    if program == "make":
        return words[0] in {line.partition(":")[0] for line in (ROOT / "Makefile").read_text().splitlines()}
    return program != "cocktail" or _has(main, words)


def _has(command, words):
    """Whether a click command has the subcommand and the options that are named."""
    if isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words[0])
        return found is not None and _has(found, words[1:])
    known = {"--help", "--version"}.union(*(parameter.opts for parameter in command.params))
    own = words[: words.index("--")] if "--" in words else words
    return {word for word in own if word.startswith("--")} <= known


@pytest.mark.parametrize("name", NAMES)
def test_suites_that_are_shown_are_suites(name, monkeypatch):
    monkeypatch.setenv("COCKTAIL_DATA", "/nowhere")
    for block in documented.blocks(NAMES[name]):
        if block.language == "yaml" and NAMES[name] != documented.FRAGMENTS:
            content = yaml.safe_load(block.text)
            if "suite" in content:
                check_suite(merge(read_yaml(ROOT / "config" / "defaults.yaml"), content), block.place)


def test_every_rule_is_of_use():
    found = [documented.stand_in(command) for path in documented.DOCUMENTS for command in documented.shown(path)]
    assert [row for row in documented.STAND_INS if row not in found] == []


def test_a_command_without_a_rule_is_found():
    assert documented.fault("curl -O https://example.org/x.tar.gz") is not None
    assert documented.fault("cocktail claims $(curl example.org)") is not None
    assert documented.fault("cocktail claims quick") is None
    assert documented.commands("cocktail claims quick;wget x") == ["cocktail claims quick", "wget x"]
    assert documented.commands("A=1 cocktail run quick && wget x | sh") == ["cocktail run quick", "wget x", "sh"]
    script = "cocktail run \\\n    quick  # minutes\n\n# all\nmake test\n"
    assert documented.lines(script) == ["cocktail run quick", "make test"]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return prepare(tmp_path_factory.mktemp("documented") / "copy")


@pytest.mark.slow
@pytest.mark.xdist_group("pages")
@pytest.mark.parametrize("name", WITH_COMMANDS)
def test_commands_work_as_shown(copy, name, tmp_path):
    page = documented.blocks(NAMES[name])
    if NAMES[name] == documented.FRAGMENTS:
        page = [block for block in page if block.language == "bash"]
    done = copy.again(tmp_path / "copy").bash(documented.script(page))
    assert done.returncode == 0, done.stdout[-6000:]
