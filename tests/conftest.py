"""Plugins and corpora that several tests make."""

import contextlib
import os
import shutil
import textwrap

# As `make test` says: threads of several workers that wait for each other's cores make seconds minutes.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Tests start thousands of processes: each would compile anew what it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import pytest
from workflow_project import Project

pytest_plugins = ["needed"]

PLUGIN = '''
"""{title}.

Nobody, "A test".
Deviations: none.
"""
import time
from dataclasses import dataclass
import numpy as np
from cocktail.method import Info, LearnedMethod, Method


@dataclass(frozen=True)
class Plugin({base}):
    {attributes}
    gain: float = 1.0

    def __call__(self, mixture, view):
        {call}
{more}
'''


@pytest.fixture
def write_plugin(tmp_path):
    """A function that writes a plugin into the folder `tmp_path/plugins` and returns the folder."""
    folder = tmp_path / "plugins"
    folder.mkdir()

    def write(name, call="return self.gain * mixture[:1]", *, base="Method", attributes="task = 'enhance'", more=""):
        text = PLUGIN.format(
            title=name, base=base, attributes=attributes, call=call, more=textwrap.indent(textwrap.dedent(more), "    ")
        )
        (folder / f"{name}.py").write_text(text)
        return folder

    return write


@pytest.fixture
def exact_products(monkeypatch):
    """NMF with products of full single precision also on processors whose matrix units round factors."""
    from cocktail.dsp.nmf import updates

    monkeypatch.setattr(updates, "fast_products", contextlib.nullcontext)


@pytest.hookimpl(tryfirst=True)  # pytest-xdist writes the groups down in its own hook
def pytest_collection_modifyitems(items):
    """Which tests share a worker, where there are several (`-n`, `--dist loadgroup`).

    Those that run the workflow on all cores run one after the other and share the finished run. Fast tests share what
    their file makes. Other slow tests go to any free worker, unless the marker `xdist_group` says otherwise. Slow tests
    of the workflow come first: at the end one worker would wait a quarter of an hour for the other. (Hence
    `--no-loadscope-reorder`, without which the largest groups come first.)
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            if "finished" in item.fixturenames:
                item.add_marker(pytest.mark.xdist_group("workflow"))
            elif item.get_closest_marker("slow") is None:
                item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: item.get_closest_marker("slow") is None or "workflow" not in item.path.parts)


@pytest.fixture(scope="module")
def browser():
    """Chromium. Tests that open it are marked as those that need it."""
    from needed import chromium
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The micro suite, run once."""
    project = Project(tmp_path_factory.mktemp("finished"))
    project.run()
    return project


@pytest.fixture
def project(finished, tmp_path):
    """A finished micro suite that the test may spoil: a copy, with Snakemake's records."""
    shutil.copytree(finished.root.parent, tmp_path / "copy", symlinks=True)
    copy = Project.__new__(Project)
    copy.root, copy.work = tmp_path / "copy" / "project", tmp_path / "copy" / "work"
    copy.results = copy.work / "results" / "micro"
    return copy
