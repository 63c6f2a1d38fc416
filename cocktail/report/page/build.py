"""Makes the page of a suite from its tables: everything under `results/<suite>/report`."""

import importlib.resources
import shutil
from collections.abc import Mapping
from pathlib import Path

import pyarrow.compute as pc

from cocktail import ROOT, tables
from cocktail.boards.leaderboard import BOUNDS, read_board, read_entries
from cocktail.boards.pending import read_pending
from cocktail.boards.scores import failures
from cocktail.boards.verdicts import read_verdicts
from cocktail.boards.voices import effects
from cocktail.report import examples, partial
from cocktail.report.coding import LOUDNESS_DB
from cocktail.report.figures import figure
from cocktail.report.meanings import GUIDANCE, PARADIGMS, drawn
from cocktail.report.page import against as beside
from cocktail.report.page import cells, curves, data, losses, methods, overview, voices
from cocktail.report.page.scripts import write_script
from cocktail.report.provenance import TABLES, file_digest, provenance
from cocktail.training.history import read_history

STATIC = (
    "page.css", "core.js", "tables.js", "overview.js", "board.js", "map.js", "plots.js", "lists.js", "player.js",
    "cell.js", "listen.js", "against.js", "main.js",
)  # fmt: skip
MAX_DOWNLOAD_MB = 8.0
"""Larger tables are not copied into the page's folder, which is to stay small."""


def build(
    folder: str | Path,
    *,
    conditions: list[dict],
    seed: int,
    resamples: int,
    about: Mapping[str, str] | None = None,
    scenes: bool = True,
    results: str | Path | None = None,
    split: str = "test",
    detector: str = "",
    against: Mapping[str, str] | None = None,
) -> Path:
    """Write the page of the boards in `folder`, results/<suite>, and return its `index.html`.

    `conditions`: {name, title, task, channels, n_sources, fs} of each. `about`: what the suite says of itself
    (Plan.about). `scenes`: with sounds, pictures and scores of examples. `results`: results/<suite>, if the
    boards lie elsewhere. `split`: whose scenes they are of, which the page says if it is not the test. `detector`: the
    suite's first one of spoofs. `against`: other suites -> folders of their boards, whose order the page sets beside
    this one's. What an earlier page left and this one does not need is deleted. Raises CocktailError
    where a table is missing.
    """
    folder = Path(folder)
    results = Path(results or folder)
    out = folder / "report"
    board, entries = read_board(folder / "leaderboard.csv"), read_entries(folder / "entries.json")
    scores, drawn = tables.read_table(folder / "scores.parquet"), tables.read_table(folder / "scenes.parquet")
    # Claims are judged by a job of their own, and a board without them is a board too.
    claims = read_verdicts(folder / "claims.csv") if (folder / "claims.csv").is_file() else []
    reasons = failures(scores)
    content = data.content(results.name, board, entries, conditions, claims=claims, failures=reasons)
    if (pending := read_pending(folder)) is not None:
        names = [card["name"] for card in conditions]
        lacking = {name: partial.notes(pending, name) for name in names}
        content["partial"] = {"summary": partial.summary(pending), "conditions": lacking}
    _clear(out)
    speakers = dict(zip(*(drawn[name].to_pylist() for name in ("scene", "speaker")), strict=True))
    unranked = {name for name, card in entries.items() if card["family"] == BOUNDS}
    by_stratum, chosen, standings = {}, [], {}
    for card in content["conditions"]:
        name = card["name"]
        here = scores.filter(pc.equal(scores["condition"], name)).combine_chunks()
        by_stratum[name] = curves.strata_curves(here, drawn, seed=seed, resamples=resamples)
        detail = {"strata": by_stratum[name], "det": curves.det_curves(here)}
        write_script(out / "conditions" / f"{name}.js", f"condition/{name}", detail)
        rows = [row for row in board if row["condition"] == name]
        standings[name] = overview.standings(here, rows, content["bounds"].get(name, {}), seed=seed, speakers=speakers)
        chosen += cells.choose(here, unranked)
    content["overview"] = overview.content(standings)
    content["against"] = beside.content(folder, results.name, against or {}, resamples)
    shards = examples.Shards(results, split)
    content["sounds"] = _write_cells(folder, shards, out, chosen, content["conditions"], scores) if scenes else None
    write_script(out / "data.js", "data", content)
    _write_static(out)
    shared = {
        "suite": content["suite"],
        "development": partial.DEVELOPMENT if split != "test" else None,
        "scripts": [name for name in STATIC if name.endswith(".js")],
        "provenance": provenance(folder, {"suite": content["suite"], **(about or {}), **_others(against or {})}),
        **_copy_tables(folder, out),
    }
    enhanced = [card["name"] for card in content["conditions"] if card["task"] == "enhance"]
    rows = effects(scores, drawn, conditions=enhanced, seed=seed, resamples=resamples)
    heard = voices.panels(rows, entries, detector)
    models = results / "models"
    pages = {
        name: methods.method_page(name, entries.get(name, {}), board, content["bounds"], reasons, by_stratum)
        | {"losses": losses.panels(read_history(models / name)), "source": _copy_source(entries.get(name, {}), out)}
        | {"process": methods.process_line(name, entries.get(name, {}), content["suite"])}
        for name in (entry["name"] for entry in content["entries"])
    }
    _write_pages(out, content, shared, pages, heard)
    return out / "index.html"


def _clear(out):
    """Delete an earlier page, but for its sounds: they are named by what they hold, and may serve again."""
    for name in ("cells", "conditions", "methods", "sources", "downloads"):
        shutil.rmtree(out / name, ignore_errors=True)


def _write_cells(folder, shards, out, chosen, conditions, scores):
    sounds = cells.plan_sounds(shards, out, chosen, conditions)
    for card in conditions:
        here = scores.filter(pc.equal(scores["condition"], card["name"])).combine_chunks()
        writer = cells.Writer(folder, shards, out, card, here, sounds)
        for cell in chosen:
            if cell.condition == card["name"]:
                writer.write(cell)
    sounds.sweep()
    return {"suffix": sounds.suffix, "rate": sounds.rate, "loudness": LOUDNESS_DB}


def _write_static(out):
    for name in STATIC:
        source = importlib.resources.files("cocktail.report.page") / "static" / name
        _write(out / name, source.read_text(encoding="utf-8"))
    plotly = importlib.resources.files("plotly") / "package_data" / "plotly.min.js"
    if not (out / "plotly.min.js").is_file() or (out / "plotly.min.js").stat().st_size != plotly.stat().st_size:
        _write(out / "plotly.min.js", plotly.read_text(encoding="utf-8"))


def _others(against):
    """What stands in for the results of the other suites in the page's provenance."""
    scores = {name: Path(folder) / "scores.parquet" for name, folder in against.items()}
    return {f"sha256 of scores.parquet of {name}": file_digest(path) for name, path in scores.items() if path.is_file()}


def _copy_tables(folder, out):
    """The tables that the page offers for download, and those that are too large for its folder."""
    listed = {"downloads": [], "left_out": []}
    for name in TABLES:
        source = folder / name
        if not source.is_file():
            continue
        megabytes = source.stat().st_size / 1e6
        fits = megabytes <= MAX_DOWNLOAD_MB
        size = f"{max(1, round(1e3 * megabytes)):,} kB"
        listed["downloads" if fits else "left_out"].append({"name": name, "size": size})
        if fits:
            with tables.replacing(out / "downloads" / name) as temporary:
                shutil.copyfile(source, temporary)
    return listed


def _copy_source(card, out):
    """Where the page has the file of an entry's plugin, as text; None where it is not known."""
    if not card:
        return None
    path = Path(card.get("folder") or ROOT / "methods" / card["family"]) / f"{card['plugin']}.py"
    if not path.is_file():
        return None
    place = f"sources/{card['plugin']}.py.txt"
    _write(out / place, path.read_text(encoding="utf-8", errors="replace"))
    return place


def _write_pages(out, content, shared, pages, heard):
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cocktail.report.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = figure
    environment.filters["drawn"] = drawn
    for name, page in pages.items():
        text = environment.get_template("method.html").render(**shared, **page, root="../")
        _write(out / "methods" / f"{name}.html", text)
    if heard:
        retrained = any(len(panel["groups"]) > 1 for panel in heard)
        text = environment.get_template("voices.html").render(**shared, panels=heard, retrained=retrained, root="")
        _write(out / "voices.html", text)
    else:
        (out / "voices.html").unlink(missing_ok=True)
    # Last: where this file is, the page is whole.
    text = environment.get_template("index.html").render(
        **shared, content=content, voices=bool(heard), paradigms=PARADIGMS, guidances=GUIDANCE, root=""
    )
    _write(out / "index.html", text)


def _write(path, text):
    with tables.replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
