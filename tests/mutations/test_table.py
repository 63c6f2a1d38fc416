"""The table of mutations keeps up with the code, and the program that runs it tells the killed from the survivors."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("run.py")


def program():
    """The module of run.py, which lies in no package."""
    spec = importlib.util.spec_from_file_location("mutations_run", PROGRAM)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MUTATIONS = program().read()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_still_applies(mutation):
    root = PROGRAM.parents[2]
    source = (root / mutation.path).read_text()
    assert source.count(mutation.text) == 1
    assert mutation.applied(source) != source
    if mutation.path.endswith(".py"):
        ast.parse(mutation.applied(source))
    for test in mutation.tests:
        file, *names = test.split("::")
        assert all(name in (root / file).read_text() for name in names)


def test_names_are_unique_and_those_that_survive_are_in_the_table():
    names = [mutation.name for mutation in MUTATIONS]
    assert len(set(names)) == len(names) >= 100
    survivors = program().yaml.safe_load(program().TABLE.read_text())["survive"]
    assert set(survivors) <= set(names)
    assert len(survivors) < 10


TOY = """
survive:
  equivalent: "adding 0 changes nothing"
files:
  sum.py:
    tests: test_sum.py
    mutations:
      sign: ["a + b", "a - b"]
      equivalent: ["a + b", "a + b + 0"]
      unseen: ["[0]", "[1]"]
      syntax: ["return a + b", "return a +"]
      gone: ["a * b", "a / b"]
      twice: ["def ", "deff "]
      no-test: ["a + b", "a - b", "test_broken.py"]
"""


@pytest.mark.slow
def test_verdicts_on_a_toy_and_the_checkout_is_left_alone(tmp_path):
    files = {
        "sum.py": "def add(a, b):\n    return a + b\n\n\ndef first(x):\n    return x[0]\n",
        "test_sum.py": "from sum import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n",
        "test_broken.py": "def test_broken():\n    assert False\n",
        "table.yaml": TOY,
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    command = [sys.executable, PROGRAM, "--table", tmp_path / "table.yaml", "--root", tmp_path]
    found = subprocess.run(command, capture_output=True, text=True)
    verdicts = {line[15:47].strip(): line[:14].strip() for line in found.stdout.splitlines() if "sum.py" in line}
    assert verdicts == {
        "sign": "killed", "equivalent": "survived", "unseen": "survived", "syntax": "killed",
        "gone": "not applicable", "twice": "not applicable", "no-test": "not applicable",
    }  # fmt: skip
    assert "7 mutations: 2 killed, 2 survived, 3 not applicable" in found.stdout
    assert "unseen: survived, but ought to have been killed" in found.stdout
    assert found.returncode == 1
    assert {name: (tmp_path / name).read_text() for name in files} == files
    assert subprocess.run([*command, "sign", "equivalent"], capture_output=True).returncode == 0
