"""The probes of a metric: a full card, the right direction, and a reason in place of a number that means nothing."""

import re

import numpy as np

from cocktail.errors import CocktailError
from cocktail.metrics.conversation import Streams
from cocktail.metrics.metric import Unscorable
from cocktail.metrics.trials import Trials
from cocktail.rng import rng
from cocktail.testing.bench import ProbeError, StubRecogniser
from cocktail.testing.signals import pink_noise, speech_like

FS = 16000
GOOD_DB, BAD_DB = 25.0, 5.0
"""What an estimate has left in it, as an SNR; a metric of five steps must tell these apart."""
TRIALS = 200
"""Of each kind."""
TRANSCRIPT = "bin blue at a one now"


def check_card(metric) -> str:
    """The card is filled in, its range is a range, and its digest is stable."""
    cited = ("citation",) if metric.level == "source" else ()
    for name in ("name", "implementation", "version", "permutation", *cited):
        if not getattr(metric, name):
            raise ProbeError(f"the card has no `{name}`")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", metric.name):
        raise ProbeError(f"the name {metric.name!r} is not small letters, digits and underscores")
    if metric.level not in PROBES:
        raise ProbeError(f"`level` is {metric.level!r}; allowed: {', '.join(PROBES)}")
    bounds = [bound for bound in (metric.low, *(metric.clamp or ()), metric.high) if bound is not None]
    if bounds != sorted(bounds):
        raise ProbeError(f"low, clamp and high are not in order: {bounds}")
    if not re.fullmatch(r"[0-9a-f]{12}", metric.digest) or metric.digest != metric.digest_with(None):
        raise ProbeError(f"the digest {metric.digest!r} is not twelve stable hexadecimal digits")
    return f"{metric.unit or 'no unit'}, {'higher' if metric.higher_is_better else 'lower'} is better, {metric.digest}"


def check_range(metric) -> str:
    """The value of a perfect, a good and a bad estimate lies in the declared range."""
    values = [_value(metric, snr_db) for snr_db in (np.inf, GOOD_DB, BAD_DB)]
    low = -np.inf if metric.low is None else metric.low
    high = np.inf if metric.high is None else metric.high
    for value in values:
        if not low <= value <= high:
            raise ProbeError(f"the value {value:.6g} is outside the declared range {metric.low} to {metric.high}")
    return ", ".join(f"{value:.4g}" for value in values) + f" (perfect, {GOOD_DB:g} dB, {BAD_DB:g} dB)"


def check_direction(metric) -> str:
    """A good estimate is better than a bad one, in the declared direction."""
    if metric.pooled:
        return "decided by a recogniser"
    good, bad = _value(metric, GOOD_DB), _value(metric, BAD_DB)
    if (good > bad) != metric.higher_is_better or good == bad:
        direction = "higher" if metric.higher_is_better else "lower"
        raise ProbeError(f"{good:.4g} at {GOOD_DB:g} dB, {bad:.4g} at {BAD_DB:g} dB, though {direction} is better")
    return f"{good:.4g} > {bad:.4g}" if metric.higher_is_better else f"{good:.4g} < {bad:.4g}"


def check_refusals(metric) -> str:
    """Silence, NaN and a wrong length raise a CocktailError with the reason; 30 ms do, or give a finite value."""
    pair = _pair(GOOD_DB)
    estimate = pair["estimate"]
    bad = {
        "a silent estimate": estimate * 0,
        "NaN": np.where(np.arange(len(estimate)) == 99, np.nan, estimate),
        "a wrong length": estimate[:-1],
    }
    for name, samples in bad.items():
        try:
            value = metric(**pair | {"estimate": samples})
        except CocktailError:
            continue
        raise ProbeError(f"gave {value!r} for {name}: raise Unscorable with the reason")
    short = {key: x[:480] if isinstance(x, np.ndarray) else x for key, x in pair.items()}
    try:
        value = _number(metric(**short))
    except CocktailError as error:
        return f"30 ms: {error}"
    if not np.isfinite(value):
        raise ProbeError(f"gave {value} for 30 ms: raise Unscorable with the reason")
    return "refused with a reason"


def check_repeatable(metric) -> str:
    """The same signals give the same number, and stay as they were."""
    pair = _pair(BAD_DB)
    before = {key: np.copy(x) for key, x in pair.items() if isinstance(x, np.ndarray)}
    first = _number(metric(**pair))
    np.random.seed(np.random.randint(2**31))  # noqa: NPY002 - the global generator is what is probed
    if _number(metric(**pair)) != first:
        raise ProbeError("two calls with the same signals give two numbers")
    if any(not np.array_equal(pair[key], x) for key, x in before.items()):
        raise ProbeError("changed the caller's signals in place")
    return "exact"


def check_scene_value(metric) -> str:
    """A metric of the whole scene reads a row of estimates and returns a finite number."""
    row = {"scene": "probe", "status": "ok", "reason": None, "estimate": [], "seconds": 0.5, "duration": 2.0,
           "peak_memory": 10**7, "parameters": 1000, "device": "cpu", "latency_ms": 32.0,
           "side_information": 500}  # fmt: skip
    value = float(metric.compute(row))
    if not np.isfinite(value):
        raise ProbeError(f"gave {value} for a sound row")
    return f"{value:g}"


def check_streams(metric) -> str:
    """Streams of two talkers in turn score better as they are than with noise and their second half swapped."""
    reference, noise = np.zeros((2, 2, 4 * FS))
    for k in range(2):
        for turn in range(k, 4, 2):
            reference[k, turn * FS : (turn + 1) * FS] = speech_like(FS, FS, rng(0, k, turn, role="metric turns"))
        noise[k] = 0.05 * reference.std() * pink_noise(4 * FS, rng(0, k, role="metric noise"))
    swapped = np.concatenate([reference[:, : 2 * FS], reference[::-1, 2 * FS :]], axis=1) + noise
    turns = [[(turn * FS, (turn + 1) * FS, TRANSCRIPT) for turn in range(k, 4, 2)] for k in range(2)]
    pieces = [slice(turn * FS, (turn + 1) * FS) for turn in range(4)]
    good, bad = (
        _number(
            metric.compute(
                Streams(reference=reference, estimate=x, fs=FS, turns=turns, pieces=pieces, recogniser=StubRecogniser())
            )
        )
        for x in (reference, swapped)
    )
    least, most = sorted((good, bad))
    right = metric.pooled or (good > bad if metric.higher_is_better else good < bad)
    if not right or least < metric.low or (metric.high is not None and most > metric.high):
        raise ProbeError(f"{good:.4g} for streams as they are, {bad:.4g} with noise and swapped")
    return f"{good:.4g}; noisy and swapped {bad:.4g}"


def check_trials(metric) -> str:
    """Trials that are told apart better score better, within the range; none of a class is refused."""
    if metric.pooled:
        return "decided by a scorer"
    good, bad = (metric.compute(_trials(distance)) for distance in (3.0, 1.0))
    least, most = sorted((good, bad))
    right = good > bad if metric.higher_is_better else good < bad
    if not right or least < metric.low or (metric.high is not None and most > metric.high):
        raise ProbeError(f"{good:.4g} and {bad:.4g} for trials that are far apart and near")
    try:
        value = metric.compute(_trials(1.0).at(np.arange(TRIALS)))
    except Unscorable as reason:
        return f"{least:.4g} < {most:.4g}; {reason}"
    raise ProbeError(f"gave {value} for trials of one class: raise Unscorable with the reason")


def _trials(distance) -> Trials:
    """Gaussian scores of every kind of trial, the positive ones this many deviations above the others."""
    labels = [
        ("cm", "bonafide", 1),
        ("asv", "target", 1),
        ("cm", "attack", 0),
        ("asv", "nontarget", 0),
        ("asv", "spoof", 0.3),
    ]
    kinds, names, above = (np.repeat(column, TRIALS) for column in zip(*labels, strict=True))
    return Trials(kinds, names, rng(0, role="metric trials").standard_normal(len(kinds)) + distance * above)


def _pair(snr_db):
    """Two seconds of one talker, and an estimate with as much of the interference as of other noise left in it."""
    n = 2 * FS
    reference = speech_like(n, FS, rng(0, role="metric speech"))
    interference, artefact = (pink_noise(n, rng(0, i, role="metric noise")) for i in range(2))
    power = np.mean(reference**2)
    interference, artefact = (x * np.sqrt(power / np.mean(x**2) / 2) for x in (interference, artefact))
    estimate = reference + 10 ** (-snr_db / 20) * (interference + artefact)
    level = 0.3 / np.abs(reference).max()
    signals = {"reference": reference, "estimate": estimate, "interference": interference}
    listener = StubRecogniser()
    shared = {
        "fs": FS,
        "text": TRANSCRIPT,
        "recogniser": listener,
        "scorers": dict.fromkeys(("recogniser", "retrained"), listener.transcribe),
    }
    return {name: level * x for name, x in signals.items()} | shared


def _value(metric, snr_db) -> float:
    return _number(metric(**_pair(snr_db)))


def _number(value) -> float:
    """A pooled metric gives counts: their rate in per cent."""
    return float(value) if np.isscalar(value) else 100 * value.rate


SOURCE_PROBES = {
    "card": check_card,
    "range": check_range,
    "direction": check_direction,
    "refusals": check_refusals,
    "repeatable": check_repeatable,
}
SCENE_PROBES = {"card": check_card, "value": check_scene_value}
TRIAL_PROBES = {"card": check_card, "trials": check_trials}
CONVERSATION_PROBES = {"card": check_card, "streams": check_streams}
PROBES = {
    "source": SOURCE_PROBES,
    "scene": SCENE_PROBES,
    "trials": TRIAL_PROBES,
    "conversation": CONVERSATION_PROBES,
}
"""By the metric's level."""
