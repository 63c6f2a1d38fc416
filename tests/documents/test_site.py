"""The site of the documents: built without a warning, whole, and read in a browser without a request to elsewhere."""

import functools
import html
import http.server
import os
import re
import subprocess
import sys
import threading

import pytest

from cocktail import ROOT
from cocktail.boards import published
from cocktail.boards.claims import read_claims
from cocktail.cli import list as listing
from cocktail.cli import main
from cocktail.config import CONDITIONS, read_yaml
from cocktail.corpora import adapters
from cocktail.metrics.catalogue import METRICS
from cocktail.plugins.registry import Registry
from cocktail.workflow.suite import suites

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("site")]

NOWHERE = "http://127.0.0.1:9"
"""A proxy that nobody answers at: a build that fetched anything would fail."""
PHONE = {"width": 390, "height": 800}
PATIENCE_MS = 120_000
"""Other tests keep the machine busy."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    environment = os.environ | {"http_proxy": NOWHERE, "https_proxy": NOWHERE, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def text(page):
    """What a reader sees of a page, in one line."""
    body = re.search(r"<article.*?</article>", page.read_text(), re.DOTALL)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", body)).split())


def test_every_plugin_has_a_page_with_its_document_parameters_and_entries(site):
    registry = Registry()
    index = text(site / "reference" / "methods.html")
    for entry in registry.entries.values():
        page = text(site / "reference" / "methods" / f"{entry.plugin.name}.html")
        document = sys.modules[entry.cls.__module__].__doc__
        assert entry.name in index and entry.name in page
        assert document.strip().splitlines()[0] in page
        assert "Deviations:" in page
        assert entry.cls.paradigm in page
        for name, value in entry.parameters.items():
            assert f"{name}: {value}" in page, (entry.name, name)
        for name in entry.make().parameters():
            assert name in page, (entry.name, name)


def test_every_method_but_the_controls_is_shown_with_its_papers(site):
    index = (site / "reference" / "methods.html").read_text()
    rows = {re.search(r'href="methods/(\w+)\.html"', row)[1]: row for row in index.split("<tr>") if "methods/" in row}
    registry = Registry()
    assert set(rows) >= set(registry.plugins)
    for name, plugin in registry.plugins.items():
        cited = re.findall(r"“[^”]{12,}”, [^<]*\d{4}", rows[name])
        assert cited or plugin.family == "controls", name


def test_every_metric_has_its_card(site):
    page = site / "reference" / "metrics.html"
    for name, metric in METRICS.items():
        assert f'id="{name}"' in page.read_text()
        for part in (metric.digest, metric.unit, metric.citation, metric.mode):
            assert " ".join(part.replace("`", "").split()) in text(page), (name, part)


def test_suites_conditions_claims_corpora_and_figures_are_all_there(site):
    reference = site / "reference"
    assert [name for name in suites() if f'id="{name}"' not in (reference / "suites.html").read_text()] == []
    conditions = read_yaml(CONDITIONS)["conditions"]
    assert [name for name in conditions if f'id="{name}"' not in (reference / "conditions.html").read_text()] == []
    claims = text(reference / "claims.html")
    assert [claim.text for claim in read_claims() if claim.text not in claims] == []
    listed = text(reference / "corpora.html")
    for name, schema in adapters.schemas().items():
        assert f'id="{name}"' in (reference / "corpora.html").read_text()
        for key, option in schema["properties"].items():
            assert key == "adapter" or option.get("description", "").replace("`", "") in listed, (name, key)
    figures = text(reference / "published.html")
    for figure in published.read():
        assert figure.source in figures and f"{figure.published:g}" in figures, figure


def test_every_command_and_module_is_there(site):
    page = text(site / "reference" / "commands.html")
    assert [name for name in main.list_commands(None) if f"Usage: cocktail {name}" not in page] == []
    assert listing.command.help.split("\n")[0] in page
    contract = text(site / "api" / "cocktail.method.html")
    assert "What a call returns" not in contract and "mixture (D, N) -> estimate (K, N)" in contract
    for path in (ROOT / "cocktail" / "dsp").rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        assert (site / "api" / f"{module.removesuffix('.__init__')}.html").is_file()


def test_no_page_fetches_anything_from_elsewhere(site):
    for page in site.rglob("*.html"):
        fetched = re.findall(r"<(?:script|img|iframe|source)[^>]* src=\"?([^\"\s>]+)", page.read_text())
        fetched += re.findall(r"<link (?![^>]*rel=\"?canonical)[^>]*href=\"?([^\"\s>]+)", page.read_text())
        assert [url for url in fetched if "://" in url or url.startswith("//")] == [], page


@pytest.fixture(scope="module")
def address(site):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(browser, address):
    """A function that opens a page in Chromium. Whatever it complains of, or asks of others, fails the test."""
    complaints, windows = [], []

    def visit(name, **options):
        window = browser.new_context(**options)
        window.set_default_timeout(PATIENCE_MS)
        windows.append(window)
        page = window.new_page()
        page.on("console", lambda said: said.type in ("error", "warning") and complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: asked.url.startswith((address, "data:", "blob:")) or
                complaints.append(asked.url))  # fmt: skip
        page.goto(address + name)
        return page

    yield visit
    for window in windows:
        window.close()
    assert complaints == []


@pytest.mark.needs("chromium")
def test_a_method_is_found_by_its_name(visit):
    page = visit("index.html", viewport={"width": 1280, "height": 900})
    page.get_by_label("Search", exact=True).first.click()
    page.keyboard.type("minima controlled recursive averaging")
    found = page.locator(".md-search-result__link")
    found.first.wait_for()
    assert any("omlsa" in link or "imcra" in link for link in found.evaluate_all("all => all.map(a => a.href)"))


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("name", ["index.html", "reference/methods.html", "reference/metrics.html", "boards.html"])
def test_no_page_is_wider_than_a_phone(visit, name):
    page = visit(name, viewport=PHONE, color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate("document.body.getAttribute('data-md-color-scheme')") == "slate"
