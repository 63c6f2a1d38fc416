"""Mutation tests: one small change of the code at a time, and whether the tests that ought to notice do.

    python tests/mutations/run.py              # every mutation of table.yaml
    python tests/mutations/run.py omlsa imcra  # those whose names contain one of these words

Works on a copy of the tree in a temporary folder; the checkout is only read. A mutation is

- killed: a test fails with it,
- survived: all tests pass,
- not applicable: its text does not occur exactly once, or its tests do not pass without it.

The exit status is 0 if all were killed but those that the table says survive, 1 if not. Slow tests are left out.
"""

import argparse
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("table.yaml")
KILLED, SURVIVED, NOT_APPLICABLE = "killed", "survived", "not applicable"
PASSED, FAILED, INTERRUPTED = 0, 1, 2
"""Exit statuses of pytest; it is interrupted by an error while tests are collected."""
LIMIT_S = 600
"""Of the tests of one mutation. One that does not come to an end is noticed, too."""


@dataclass(frozen=True)
class Mutation:
    """A change of one place."""

    name: str
    path: str
    """Relative to the root, as `tests` are."""
    text: str
    becomes: str
    tests: tuple[str, ...]
    """Arguments of pytest: files, or single tests."""
    survives: str | None = None
    """Why no test notices it; None where one ought to."""

    def applied(self, source: str) -> str | None:
        """The file's text with the change; None where the place is not unique."""
        return source.replace(self.text, self.becomes) if source.count(self.text) == 1 else None


def read(path: Path = TABLE) -> list[Mutation]:
    """The mutations of a table, in its order."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        Mutation(name, file, *change[:2], tests=_listed(change[2] if len(change) > 2 else group["tests"]),
                 survives=content["survive"].get(name))
        for file, group in content["files"].items()
        for name, change in group["mutations"].items()
    ]  # fmt: skip


def _listed(tests: str | list[str]) -> tuple[str, ...]:
    return (tests,) if isinstance(tests, str) else tuple(tests)


class Tree:
    """A copy of what git tracks or would track, which mutations may spoil."""

    def __init__(self, root: Path, folder: Path):
        self.folder = folder
        files = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root, check=True, capture_output=True,
        ).stdout  # fmt: skip
        for name in filter(None, os.fsdecode(files).split("\0")):
            if (root / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, folder / name)
        self.passes = functools.cache(self._passes)

    def _passes(self, tests: tuple[str, ...]) -> bool:
        """Whether these tests pass without any mutation."""
        return self._status(tests) == PASSED

    def verdict(self, mutation: Mutation) -> str:
        """KILLED, SURVIVED or NOT_APPLICABLE. The copy is as before afterwards."""
        path = self.folder / mutation.path
        source = path.read_text(encoding="utf-8")
        changed = mutation.applied(source)
        if changed is None or not self.passes(mutation.tests):
            return NOT_APPLICABLE
        path.write_text(changed, encoding="utf-8")
        try:
            status = self._status(mutation.tests)
        finally:
            path.write_text(source, encoding="utf-8")
        return {PASSED: SURVIVED, FAILED: KILLED, INTERRUPTED: KILLED}.get(status, NOT_APPLICABLE)

    def _status(self, tests) -> int:
        # Bytecode would outlive a change that leaves the size and the second of a file as they were.
        settings = {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "not slow", "-p", "no:cacheprovider", *tests]
        try:
            return subprocess.run(
                command, cwd=self.folder, env=os.environ | settings, timeout=LIMIT_S, capture_output=True
            ).returncode
        except subprocess.TimeoutExpired:
            return FAILED


def run(mutations: Iterable[Mutation], root: Path = ROOT) -> dict[str, str]:
    """Name -> verdict of every mutation, printed as they come."""
    verdicts = {}
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        tree = Tree(root, Path(folder))
        for mutation in mutations:
            verdicts[mutation.name] = tree.verdict(mutation)
            print(f"{verdicts[mutation.name]:14} {mutation.name:32} {mutation.path}", flush=True)
    return verdicts


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", metavar="NAME", help="mutations whose names contain one of these")
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--root", type=Path, default=ROOT, help="checkout to copy")
    options = parser.parse_args(arguments)
    chosen = [
        mutation
        for mutation in read(options.table)
        if not options.words or any(word in mutation.name for word in options.words)
    ]
    if not chosen:
        parser.error(f"no mutation is called {' or '.join(options.words)}")
    verdicts = run(chosen, options.root)
    counts = [f"{list(verdicts.values()).count(verdict)} {verdict}" for verdict in (KILLED, SURVIVED, NOT_APPLICABLE)]
    print(f"{len(verdicts)} mutations: {', '.join(counts)}")
    expected = {mutation.name: SURVIVED if mutation.survives else KILLED for mutation in chosen}
    for name, verdict in verdicts.items():
        if verdict != expected[name]:
            print(f"{name}: {verdict}, but ought to have {expected[name]}" if expected[name] == SURVIVED
                  else f"{name}: {verdict}, but ought to have been killed")  # fmt: skip
    return int(verdicts != expected)


if __name__ == "__main__":
    sys.exit(main())
