"""The page of a large suite, 80 entries x 12 conditions x 200 scenes: its size, and how long Chromium takes to open it.

The suite is drawn by chance and its sounds are made for the examples alone; all of them are coded. Opening ends when
the table is on the screen. Needs Debian's chromium. `--entries N` makes a smaller suite.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from cocktail import ROOT
from cocktail.report.page.build import build

sys.path.insert(0, str(ROOT / "tests" / "helpers"))
from page_suite import SEED, Suite

MAX_SECONDS, MAX_MEGABYTES = 3.0, 60.0
REPEATS = 5
VIEWS = {
    "overview": ("", "#standings tbody tr"),
    "board": ("#boards", "#board tbody tr"),
    "map": ("#map", "#heat tbody tr"),
    "cost": ("#cost", "#cost-plot .point"),
    "cell": ("#cell/room-0/entry-05", ".scene figure"),
    "listen": ("#listen", "#listen figure"),
}
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def opening(page, address: str, ready: str) -> float:
    """Seconds from the address to the first paint in which `ready` is there."""
    page.goto("about:blank")
    begin = time.perf_counter()
    page.goto(address)
    page.locator(ready).first.wait_for()
    page.evaluate(PAINTED)
    return time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=80)
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as temporary:
        suite = Suite(
            Path(temporary) / "large", parser.parse_args().entries, conditions=12, scenes=200, seconds=2.4, full=True
        )
        suite.write()
        index = build(suite.folder, conditions=suite.cards, seed=SEED, resamples=200)
        files = [path.stat().st_size for path in index.parent.rglob("*") if path.is_file()]
        megabytes = sum(files) / 1e6
        print(f"{len(suite.names)} entries x 12 conditions x 200 scenes: {megabytes:.1f} MB in {len(files)} files")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            slowest = {}
            for name, (view, ready) in VIEWS.items():
                address = index.as_uri() + view
                seconds = [opening(browser.new_page(), address, ready) for _ in range(REPEATS)]
                slowest[name] = max(seconds)
                print(
                    f"{name}: opens in {statistics.median(seconds):.2f} s (slowest of {REPEATS}: {max(seconds):.2f} s)"
                )
            browser.close()
    return int(megabytes >= MAX_MEGABYTES or max(slowest["overview"], slowest["board"]) >= MAX_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
