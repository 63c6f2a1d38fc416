"""Makes the page of a suite from its tables: everything under `results/<suite>/report`."""

import importlib.resources
import shutil
from pathlib import Path

import pyarrow.compute as pc

from cocktail import tables
from cocktail.boards.leaderboard import read_board, read_entries
from cocktail.boards.pending import read_pending
from cocktail.boards.scores import failures
from cocktail.boards.verdicts import read_verdicts
from cocktail.report import partial
from cocktail.report.figures import figure
from cocktail.report.page import cells, curves, data, methods
from cocktail.report.page.scripts import write_script

STATIC = ("page.css", "core.js", "board.js", "map.js", "plots.js", "lists.js", "cell.js", "main.js")


def build(
    folder: str | Path,
    *,
    conditions: list[dict],
    seed: int,
    resamples: int,
    scenes: bool = True,
    suite: str | None = None,
) -> Path:
    """Write the page of the suite in `folder`, results/<suite>, and return its `index.html`.

    `conditions`: {name, title, task, channels, n_sources, fs} of each. `scenes`: with sounds, pictures and scores of
    examples. `suite`: its name, if it is not that of the folder, as where boards are partial. What an earlier page left
    and this one does not need is deleted. Raises CocktailError where a table is missing.
    """
    folder = Path(folder)
    out = folder / "report"
    board, entries = read_board(folder / "leaderboard.csv"), read_entries(folder / "entries.json")
    scores, drawn = tables.read_table(folder / "scores.parquet"), tables.read_table(folder / "scenes.parquet")
    # Claims are judged by a job of their own, and a board without them is a board too.
    claims = read_verdicts(folder / "claims.csv") if (folder / "claims.csv").is_file() else []
    reasons = failures(scores)
    content = data.overview(suite or folder.name, board, entries, conditions, claims=claims, failures=reasons)
    if (pending := read_pending(folder)) is not None:
        names = [card["name"] for card in conditions]
        lacking = {name: partial.notes(pending, name) for name in names}
        content["partial"] = {"summary": partial.summary(pending), "conditions": lacking}
    _clear(out)
    by_stratum, chosen = {}, []
    for card in content["conditions"]:
        here = scores.filter(pc.equal(scores["condition"], card["name"])).combine_chunks()
        by_stratum[card["name"]] = curves.strata_curves(here, drawn, seed=seed, resamples=resamples)
        found = {"strata": by_stratum[card["name"]], "det": curves.det_curves(here)}
        write_script(out / "conditions" / f"{card['name']}.js", f"condition/{card['name']}", found)
        chosen += cells.choose(here)
    content["sounds"] = _write_cells(folder, out, chosen, content["conditions"], scores) if scenes else None
    write_script(out / "data.js", "data", content)
    _write_static(out)
    _write_pages(out, content, board, entries, reasons, by_stratum)
    return out / "index.html"


def _clear(out):
    """Delete an earlier page, but for its sounds: they are named by what they hold, and may serve again."""
    for name in ("cells", "conditions", "methods"):
        shutil.rmtree(out / name, ignore_errors=True)


def _write_cells(folder, out, chosen, conditions, scores):
    sounds = cells.plan_sounds(folder, out, chosen, conditions)
    for card in conditions:
        here = scores.filter(pc.equal(scores["condition"], card["name"])).combine_chunks()
        writer = cells.Writer(folder, out, card, here, sounds)
        for cell in chosen:
            if cell.condition == card["name"]:
                writer.write(cell)
    sounds.sweep()
    return {"suffix": sounds.suffix, "rate": sounds.rate}


def _write_static(out):
    for name in STATIC:
        source = importlib.resources.files("cocktail.report.page") / "static" / name
        _write(out / name, source.read_text(encoding="utf-8"))
    plotly = importlib.resources.files("plotly") / "package_data" / "plotly.min.js"
    if not (out / "plotly.min.js").is_file() or (out / "plotly.min.js").stat().st_size != plotly.stat().st_size:
        _write(out / "plotly.min.js", plotly.read_text(encoding="utf-8"))


def _write_pages(out, content, board, entries, reasons, by_stratum):
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cocktail.report.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = figure
    shared = {"suite": content["suite"], "scripts": [name for name in STATIC if name.endswith(".js")]}
    for entry in content["entries"]:
        name = entry["name"]
        page = methods.method_page(name, entries.get(name, {}), board, content["bounds"], reasons, by_stratum)
        _write(out / "methods" / f"{name}.html", environment.get_template("method.html").render(**shared, **page))
    # Last: where this file is, the page is whole.
    _write(out / "index.html", environment.get_template("index.html").render(**shared, content=content))


def _write(path, text):
    with tables.replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
