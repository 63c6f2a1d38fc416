"""Loss curves as lines of a small picture: a panel for each stage of a training."""

from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 320, 120
PAD = 4


def panels(history: Mapping[str, Sequence[tuple[int, float]]]) -> list[dict]:
    """From training.history.read_history: rows of {stage, epochs, low, high, width, height, lines}.

    A line is {name, points (SVG, in a picture of width x height), last}. Both curves of a stage share one scale.
    """
    stages: dict[str, dict[str, Sequence[tuple[int, float]]]] = {}
    for name, curve in history.items():
        stage, _, quantity = name.rpartition("/")
        stages.setdefault(stage, {})[quantity] = curve
    return [_panel(stage, curves) for stage, curves in stages.items()]


def _panel(stage, curves):
    values = [value for curve in curves.values() for _, value in curve]
    low, high = min(values), max(values)
    first = min(epoch for curve in curves.values() for epoch, _ in curve)
    last = max(epoch for curve in curves.values() for epoch, _ in curve)

    def place(epoch, value):
        x = PAD + (WIDTH - 2 * PAD) * (epoch - first) / max(1, last - first)
        y = HEIGHT - PAD - (HEIGHT - 2 * PAD) * (value - low) / ((high - low) or 1.0)
        return f"{x:.1f},{y:.1f}"

    lines = [
        {"name": name.replace("_", " "), "points": " ".join(place(*point) for point in curve), "last": curve[-1][1]}
        for name, curve in curves.items()
    ]
    return {
        "stage": stage, "epochs": last, "low": low, "high": high, "width": WIDTH, "height": HEIGHT, "lines": lines,
    }  # fmt: skip
