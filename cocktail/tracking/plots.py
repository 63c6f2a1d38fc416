"""Pictures of the boards for MLflow: a map of every entry in every condition, and quality against cost."""

import io
from collections.abc import Mapping

import numpy as np

from cocktail.boards.cells import higher_is_better
from cocktail.boards.leaderboard import BOUNDS

MAPPED = ("si_sdr_i", "pesq_wb", "stoi", "wer", "eer_asv", "eer_cm")
QUALITY, COST = "si_sdr_i", "rtf"


def plots(board: list[dict], cards: Mapping[str, dict]) -> dict[str, bytes]:
    """File name -> PNG, of the metrics that the board has."""
    cells = {(row["metric"], row["entry"], row["condition"]): row["value"] for row in board if row["value"] is not None}
    measured = {metric for metric, _, _ in cells}
    bounds = {entry for entry, card in cards.items() if card.get("family") == BOUNDS}
    made = {f"{metric}.png": _heat_map(cells, metric, bounds) for metric in MAPPED if metric in measured}
    if {QUALITY, COST} <= measured:
        made["quality-against-cost.png"] = _trade_off(cells, cards)
    return made


def _heat_map(cells, metric, bounds) -> bytes:
    """Entries from the best down, conditions across; a colour is a place between the condition's worst and best."""
    entries, conditions = (sorted({key[axis] for key in cells if key[0] == metric}) for axis in (1, 2))
    values = np.array([[cells.get((metric, e, c), np.nan) for c in conditions] for e in entries])
    up = higher_is_better(metric)
    order = np.argsort(np.nanmean(values, axis=1))[:: -1 if up else 1]
    values, entries = values[order], [entries[index] for index in order]
    place = _places(values, np.array([entry not in bounds for entry in entries]))
    figure, axes = _figure(2.5 + 0.8 * len(conditions), 1.5 + 0.22 * len(entries))
    axes.imshow(place if up else 1 - place, aspect="auto", cmap="viridis", vmin=0, vmax=1)
    axes.set_xticks(range(len(conditions)), conditions, rotation=40, ha="right")
    axes.set_yticks(range(len(entries)), entries)
    axes.set_title(f"{metric} ({'higher' if up else 'lower'} is better)")
    figure.draw_without_rendering()  # the layout is made before a thousand texts come, which do not change it
    figure.set_layout_engine(None)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            bright = (place[row, column] > 0.5) == up
            axes.text(column, row, f"{value:.3g}", ha="center", va="center", size=7, color="k" if bright else "w")
    return _png(figure)


def _places(values, ranked) -> np.ndarray:
    """0 for the lowest and 1 for the highest figure of ranked entries in each condition; NaN where there is none."""
    measured = np.isfinite(values)
    among = measured & ranked[:, None]
    among |= measured & ~among.any(axis=0)
    low = np.where(among, values, np.inf).min(axis=0)
    high = np.where(among, values, -np.inf).max(axis=0)
    return np.clip((values - low) / np.where(high > low, high - low, 1), 0, 1)


def _trade_off(cells, cards) -> bytes:
    """An entry's mean gain over its conditions against its mean real-time factor, coloured by family."""
    points: dict[str, list[tuple[float, float]]] = {}
    for (metric, entry, condition), gain in cells.items():
        if metric == QUALITY and (cost := cells.get((COST, entry, condition), 0)) > 0:
            points.setdefault(entry, []).append((cost, gain))
    families = sorted({cards.get(entry, {}).get("family", "") for entry in points})
    figure, axes = _figure(9, 6)
    for family in families:
        members = [entry for entry in points if cards.get(entry, {}).get("family", "") == family]
        places = np.array([np.mean(points[entry], axis=0) for entry in members])
        axes.scatter(places[:, 0], places[:, 1], label=family, color=f"C{families.index(family)}")
        for entry, place in zip(members, places, strict=True):
            axes.annotate(entry, place, xytext=(4, 2), textcoords="offset points", size=7)
    axes.set_xscale("log")
    axes.set_xlabel("real-time factor (seconds of work a second of sound)")
    axes.set_ylabel(f"{QUALITY} in dB, mean over conditions")
    axes.legend(fontsize=8)
    return _png(figure)


def _figure(width, height):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def _png(figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()
