"""The probes of a method that runs: each takes a Bench and returns what it saw, or raises ProbeError."""

import warnings
from dataclasses import replace

import numpy as np

from cocktail import stft
from cocktail.errors import CocktailError
from cocktail.paradigms import REFERENCES
from cocktail.processing.latency import look_ahead
from cocktail.testing.bench import CHANNELS, Bench, ProbeError, numbers

SCALE_TOLERANCE = 1e-2
"""Largest relative difference between the output for g x and g times the output for x: 40 dB below the signal."""
SCALES = (2.0**-10, 2.0**-4, 2.0**7)
"""1e-3 to 100 and a little more. Powers of two, so that rounding is the same and iterative methods do not drift."""
REPEAT_TOLERANCE = 1e-6
"""Between two runs with the same generator; room for a sum taken in another order."""
LOUDEST = 4.0
"""Of an estimate over the loudest channel, in amplitude."""
BATCH_TOLERANCE = 1e-3
"""Between `batch` and the loop: single precision and padded scenes differ in rounding, not in what is heard."""


def silence(bench: Bench) -> str:
    """Silence in: finite and near silence out. A method that returns no signal may refuse it."""
    scene = bench.scene().map(np.zeros_like)
    if not bench.makes_sound:
        return _sound_or_refused(bench, scene)
    peak = np.abs(bench.run(scene)).max()
    if peak > 1e-3:
        raise ProbeError(f"made sound of silence: peak {peak:.3g}")
    return "silent"


def constant(bench: Bench) -> str:
    """A direct current of 0.1 in: finite out. A method that returns no signal may refuse it."""
    scene = bench.scene().map(lambda x: np.full_like(x, 0.1))
    if not bench.makes_sound:
        return _sound_or_refused(bench, scene)
    bench.run(scene)
    return "finite"


def tenth_of_a_second(bench: Bench) -> str:
    """0.1 s of speech in noise: same length, finite. A method that returns no signal may refuse it."""
    scene = bench.scene(seconds=0.1)
    if not bench.makes_sound:
        return _sound_or_refused(bench, scene)
    bench.run(scene)
    return "length kept"


def clipped(bench: Bench) -> str:
    """A mixture 20 dB over full scale, clipped: finite."""
    scene = bench.scene()
    bench.run(replace(scene, mixture=np.clip(20 * scene.mixture, -1, 1)))
    return "finite"


def one_minute(bench: Bench) -> str:
    """60 s of speech in noise: same length, finite, within the time limit."""
    bench.run(bench.scene(seconds=bench.long_s))
    return f"{bench.long_s:g} s, length kept"


def other_rate(bench: Bench) -> str:
    """44.1 kHz: a sound answer, or a CocktailError that says which rate would be right."""
    try:
        bench.run(bench.scene(seconds=1.0, fs=44100))
    except CocktailError as error:
        return f"refused: {error}"
    return "length kept"


def more_channels(bench: Bench) -> str:
    """Twice the microphones or more: an answer of the same shape, unless `skip` says why not."""
    channels = next((c for c in CHANNELS if c >= 2 * bench.info.channels), 2 * bench.info.channels)
    reason = bench.method.skip(replace(bench.info, channels=channels))
    if reason is not None:
        return f"does not apply: {reason}"
    bench.run(bench.scene(channels=channels))
    return f"{channels} channels"


def dependent_channels(bench: Bench) -> str:
    """Channels that are dead, equal, inverted, 60 dB apart or the mean of others: an estimate, or an error.

    The estimate is at most 12 dB louder than the loudest channel: what a matrix without an inverse leaves is louder.
    """
    channels = max(bench.info.channels, 2)
    reason = bench.method.skip(replace(bench.info, channels=channels))
    if reason is not None:
        return f"does not apply: {reason}"
    scene, refused = bench.scene(seconds=1.0, channels=channels), []
    for name, gains in _dependent(channels).items():
        changed = scene.mix_channels(gains)
        try:
            estimate = bench.run(changed)
        except (ProbeError, TimeoutError):
            raise
        except Exception as error:  # a failed row, as for NaN
            refused.append(f"{name} ({type(error).__name__})")
            continue
        loudest = np.sqrt(np.mean(changed.mixture**2, axis=-1)).max()
        level = np.sqrt(np.mean(estimate**2, axis=-1)).max() if bench.makes_sound else 0.0
        if level > LOUDEST * loudest:
            raise ProbeError(f"{name}: the estimate is {20 * np.log10(level / loudest):.0f} dB louder than any channel")
    return f"refused: {', '.join(refused)}" if refused else "no louder than what was heard"


def _dependent(channels) -> dict[str, np.ndarray]:
    """What happened -> gains (D, D) that do it."""
    whole, last = np.eye(channels), np.arange(channels) == channels - 1
    others = ~last / (channels - 1)
    return {
        "a dead channel": whole * ~last[:, None],
        "a dead first channel": whole * (np.arange(channels) > 0)[:, None],
        "equal channels": np.outer(np.ones(channels), whole[0]),
        "an inverted copy": np.where(last[:, None], -whole[0], whole),
        "a channel 60 dB below": whole * np.where(last, 1e-3, 1.0)[:, None],
        "a channel 60 dB above": whole * np.where(last, 1e3, 1.0)[:, None],
        "the mean of the others": np.where(last[:, None], others, whole),
    }


def not_a_number(bench: Bench) -> str:
    """One NaN sample in every channel: an exception, or an estimate that is not finite.

    Either becomes a failed row. A finite estimate would be a number on the leaderboard that means nothing. An oracle
    may stay finite, as the truth is.
    """
    scene = bench.scene()
    mixture = scene.mixture.copy()
    mixture[:, mixture.shape[1] // 2] = np.nan
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimate = numbers(bench.run_unchecked(replace(scene, mixture=mixture)))
    except TimeoutError:
        raise
    except Exception as error:  # any exception will do: the runner makes a failed row of it
        return f"raised {type(error).__name__}"
    if not bench.method.sees(REFERENCES) and np.isfinite(estimate).all():
        raise ProbeError("made finite sound of a signal with NaN: raise an error, or let NaN through")
    return "not finite" if not np.isfinite(estimate).all() else "finite, from the truth"


def scales(bench: Bench) -> str:
    """The same sound 1e-3 to 100 times as loud: the same estimate, as much louder; the same score or text."""
    scene = bench.scene()
    estimate = bench.run(scene)
    worst = max(
        difference(bench.run(scene.map(lambda x, g=g: g * x)) / (g if bench.makes_sound else 1), estimate)
        for g in SCALES
    )
    if worst > SCALE_TOLERANCE:
        raise ProbeError(
            f"the estimate depends on the level: relative difference {worst:.2g}, at most {SCALE_TOLERANCE:g} allowed; "
            "look for absolute constants (floors, epsilons, thresholds)"
        )
    return f"relative difference {worst:.1g}"


def input_untouched(bench: Bench) -> str:
    """The caller's arrays are as they were."""
    scene = bench.scene()
    mixture, view = scene.mixture.copy(), bench.view(scene)
    before = scene.map(np.copy)
    bench.method(mixture, view)
    if not np.array_equal(mixture, before.mixture):
        raise ProbeError("changed the caller's mixture in place")
    pairs = zip(vars(scene.references).values(), vars(before.references).values(), strict=True)
    if not all(np.array_equal(after, x) for after, x in pairs):
        raise ProbeError("changed the references in place")
    return "unchanged"


def determinism(bench: Bench) -> str:
    """The same generator twice, global generators moved in between: the same estimate."""
    scene = bench.scene()
    first = bench.run(scene)
    _disturb_global_generators()
    change = difference(bench.run(scene), first)
    if change > REPEAT_TOLERANCE:
        raise ProbeError(
            f"two runs with the same view.rng differ by {change:.2g}: draw from view.rng, not from a global one"
        )
    return "exact" if change == 0 else f"relative difference {change:.1g}"


def batch_equals_loop(bench: Bench) -> str:
    """`batch` on scenes of three lengths equals a loop over them."""
    scenes = [bench.scene(seconds, seed=i) for i, seconds in enumerate((1.0, 1.5, 0.7))]
    mixtures, views = [s.mixture.copy() for s in scenes], [bench.view(s) for s in scenes]
    together = list(bench.method.batch(mixtures, views))
    if len(together) != len(scenes):
        raise ProbeError(f"`batch` returned {len(together)} estimates for {len(scenes)} scenes")
    worst = 0.0
    for scene, estimate in zip(scenes, together, strict=True):
        bench.check_form(estimate, scene)
        worst = max(worst, difference(numbers(estimate), bench.run(scene)))
    if worst > BATCH_TOLERANCE:
        raise ProbeError(
            f"`batch` differs from the loop by {worst:.2g} (relative), at most {BATCH_TOLERANCE:g} allowed"
        )
    return "exact" if worst == 0 else f"relative difference {worst:.1g}"


def access(bench: Bench) -> str:
    """The method runs on what it declared in `needs` and its paradigm, and reaches for nothing else."""
    scene = bench.scene()
    view = bench.view(scene)
    bench.method(scene.mixture.copy(), view)
    if view.granted.denied:
        names = ", ".join(f"view.{name}" for name in sorted(view.granted.denied))
        raise ProbeError(f"reached for {names}, which neither `needs` nor the paradigm grants")
    return "only what was granted"


def causality(bench: Bench) -> str:
    """Change the future, find the first output that changes: that far ahead the method looks."""
    if not bench.makes_sound:
        return "one answer for the whole signal"
    ahead_s = _look_ahead(bench) / bench.info.fs
    allowed_s = stft.SIZE / bench.info.fs
    if bench.method.causal and ahead_s > allowed_s:
        raise ProbeError(
            f"declared causal, yet looks {1e3 * ahead_s:.0f} ms ahead; a window of {1e3 * allowed_s:.0f} ms is allowed"
        )
    kind = "causal" if ahead_s <= allowed_s else "not causal"
    return f"{kind}: looks {1e3 * ahead_s:.0f} ms ahead"


def _look_ahead(bench: Bench) -> int:
    """Samples by which the output runs ahead of a change of the input."""
    scene, other = bench.scene(seconds=2.0), bench.scene(seconds=2.0, seed=1)
    return look_ahead(
        lambda start: bench.run(scene if start is None else scene.splice(other, start)), scene.mixture.shape[-1]
    )[0]


def _sound_or_refused(bench, scene):
    """An answer of the right form, or a CocktailError that says why there is none: the scene is then a failed row."""
    try:
        bench.run(scene)
    except CocktailError as error:
        return f"refused: {error}"
    return "answered"


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Relative difference of two answers in the 2-norm."""
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-12))


def _disturb_global_generators():
    import sys

    np.random.seed(np.random.randint(2**31))  # noqa: NPY002 - the global generator is what is probed
    if "torch" in sys.modules:
        sys.modules["torch"].rand(7)


PROBES = {
    "access": access,
    "silence": silence,
    "direct current": constant,
    "0.1 s": tenth_of_a_second,
    "clipped": clipped,
    "44.1 kHz": other_rate,
    "more channels": more_channels,
    "dependent channels": dependent_channels,
    "NaN input": not_a_number,
    "scales 1e-3 to 100": scales,
    "input untouched": input_untouched,
    "determinism": determinism,
    "batch equals loop": batch_equals_loop,
    "causality": causality,
    "60 s": one_minute,
}
