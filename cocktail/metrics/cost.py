"""What an estimate cost: time, memory, side information, learnt parameters.

Read from a row of tables.ESTIMATES, not from signals.
"""

from cocktail.metrics.metric import SIGNALS, Metric, Unscorable
from cocktail.tasks import TASKS


def rtf(row: dict) -> float:
    """Real-time factor: seconds of processing per second of audio."""
    return _recorded(row, "seconds") / _recorded(row, "duration")


def peak_memory(row: dict) -> float:
    """Peak memory above the idle process, in megabytes of 10^6 bytes; GPU memory is left out."""
    return _recorded(row, "peak_memory") / 1e6


def parameters(row: dict) -> float:
    """Learnt parameters of the method."""
    return float(_recorded(row, "parameters"))


def latency_ms(row: dict) -> float:
    """Milliseconds of input that the method waits for before an output sample can be final."""
    return _recorded(row, "latency_ms")


def bit_rate(row: dict) -> float:
    """Kilobits of side information per second of audio."""
    return 8e-3 * _recorded(row, "side_information") / _recorded(row, "duration")


def _recorded(row, column):
    if row.get(column) is None:
        raise Unscorable("not-recorded")
    return row[column]


def _metric(name, compute, unit, mode, tasks=TASKS):
    return Metric(
        name=name,
        unit=unit,
        higher_is_better=False,
        low=0.0,
        high=None,
        citation="",
        implementation="cocktail",
        compute=compute,
        mode=mode,
        permutation="none",
        level="scene",
        tasks=dict.fromkeys(tasks),
    )


METRICS = (
    _metric(
        "rtf",
        rtf,
        "s/s",
        "wall clock of the method alone, first scene of a job warmed up; on what: the estimates' column `device`",
    ),
    _metric(
        "latency_ms",
        latency_ms,
        "ms",
        "algorithmic: the farthest look ahead when the future of 1.5 s of input is changed; the length of the scene "
        "where the method uses the whole recording",
        tasks=SIGNALS,
    ),
    _metric(
        "bit_rate",
        bit_rate,
        "kbit/s",
        "side information that the method's encoder computed from the sources; 0 where there is none",
        tasks=SIGNALS,
    ),
    _metric("peak_memory", peak_memory, "MB", "resident memory above the idle process, GPU memory left out"),
    _metric("parameters", parameters, "", "learnt numbers that the method uses"),
)
