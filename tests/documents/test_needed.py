"""Tests that need a program are skipped where it is missing, with its name at the end, and fail where all must run."""

import os
import subprocess
import sys

import pytest

from cocktail import ROOT

TESTS = """
import pytest

pytest_plugins = ["needed"]


@pytest.fixture
def costly():
    raise AssertionError("made for a test that cannot run")


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("i", range(3))
def test_page(costly, i):
    pass


@pytest.mark.needs("rsync")
def test_copy(costly):
    pass


def test_anything():
    pass
"""


@pytest.mark.parametrize(("require_all", "status"), [("", 0), ("1", 1)])
def test_a_missing_program_skips_or_fails(tmp_path, require_all, status):
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = needs: x\n")
    environment = {
        "PATH": str(tmp_path),
        "PYTHONPATH": str(ROOT / "tests" / "helpers"),
        "HOME": os.environ.get("HOME", "/"),
        "COCKTAIL_REQUIRE_ALL": require_all,
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == status, done.stdout
    if require_all:
        assert "1 passed, 4 errors" in done.stdout and "made for a test" not in done.stdout
    else:
        *_, title, browser, copying, total = done.stdout.splitlines()
        assert "4 tests were skipped" in title
        assert browser.split(maxsplit=1) == ["3", "needs chromium: apt-get install chromium"]
        assert copying.split(maxsplit=1) == ["1", "needs rsync: apt-get install rsync"]
        assert "1 passed, 4 skipped" in total
