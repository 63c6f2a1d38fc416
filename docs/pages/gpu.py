"""The benchmark on a GPU: how to run it, and the figures of the last run that was kept."""

import json

from cocktail import ROOT
from pages.markdown import code, escape, page, table

README = ROOT / "benchmarks" / "gpu" / "README.md"
FIGURES = README.with_name("figures.json")
NONE_YET = "None yet: the benchmark has not been run on a GPU."


def pages() -> dict[str, str]:
    """The page of the benchmark."""
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else None
    return {"reference/gpu.md": page(README.read_text(), "## Figures", *shown(figures))}


def shown(figures: dict | None):
    """The figures of a run as Markdown, part by part; None: there are none."""
    if figures is None:
        yield NONE_YET
        return
    facts = (figures["device"], f"{figures['cores']} cores", f"torch {figures['torch']}", f"CUDA {figures['cuda']}")
    yield f"{escape(', '.join(facts))}; commit {code(figures['commit'])}, {figures['started'][:10]}."
    if not figures["finished"]:
        yield f"The run was cut {escape(figures.get('stopped', 'before its end'))}."
    for name, entries in figures["parts"].items():
        yield f"### {name.capitalize()}"
        yield from PARTS[name](entries)
        if "error" in entries:
            yield f"It ended early: {escape(entries['error'])}."


def _training(entries):
    heading = (
        "entry",
        "parameters",
        "batch",
        "steps a second",
        "utilisation",
        "memory, MB",
        "loss falls",
        "repeatable",
    )
    yield table(heading, [(code(name), *_trained(entry)) for name, entry in _rows(entries)])


def _trained(entry):
    if "steps_per_s" not in entry:
        return (_reason(entry, "trained on the CPU"),)
    busy = entry["utilisation_percent"]
    return (
        f"{entry['parameters']:,}", str(entry["batch"]), _number(entry["steps_per_s"], 1),
        "" if busy is None else f"{busy:.0f} %", _number(entry["peak_memory_mb"], 0),
        "" if entry["loss_falls"] is None else _yes(entry["loss_falls"]), _yes(entry["repeatable"]),
    )  # fmt: skip


def _agreement(entries):
    rows = [
        (code(name), f"{entry['difference']:.2g} {escape(entry['unit'])}", f"{entry['limit']:g}", _yes(entry["agrees"]))
        if "agrees" in entry
        else (code(name), _reason(entry, "not compared"))
        for name, entry in _rows(entries)
    ]
    yield table(("entry", "largest difference", "limit", "agrees"), rows)


def _ratios(entries):
    rows = [
        (code(name), f"{entry['ratio']:.1f}") if "ratio" in entry else (code(name), _reason(entry, "not measured"))
        for name, entry in _rows(entries)
    ]
    yield table(("case", "times as fast as one core"), rows)


def _separation(figures):
    if "gain_db" in figures:
        verdict = "reached" if figures["reached"] else "not reached"
        yield (
            f"SI-SDR gain of {code(figures['entry'])} on {figures['scenes']} scenes of {code(figures['condition'])}, "
            f"voices that it never heard, after {figures['seconds']:.0f} s: {figures['gain_db']:+.1f} dB. "
            f"The bar of {figures['bar_db']:+g} dB is {verdict}."
        )
    for name, curve in figures.get("history", {}).items():
        if name.endswith("valid_loss"):
            kept = curve[:: max(len(curve) // 10, 1)]
            values = ", ".join(f"{value:.3g} (epoch {epoch})" for epoch, value in kept)
            yield f"Validation loss, stage {code(name.split('/')[0])}: {values}."


PARTS = {"training": _training, "agreement": _agreement, "ratios": _ratios, "separation": _separation}


def _rows(entries):
    return [(name, entry) for name, entry in entries.items() if isinstance(entry, dict)]


def _reason(entry, otherwise):
    return escape(entry.get("error") or entry.get("skipped") or otherwise)


def _number(value, digits):
    return "" if value is None else f"{value:,.{digits}f}"


def _yes(value):
    return "yes" if value else "**no**"
