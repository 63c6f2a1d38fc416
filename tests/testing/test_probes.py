"""The conformance suite finds what it is for: each probe is tried on a method that breaks it alone."""

import dataclasses
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cocktail.errors import AccessError, CocktailError
from cocktail.method import LearnedMethod, Method
from cocktail.stft import istft, stft
from cocktail.testing.bench import benches
from cocktail.testing.conformance import assert_conforms, check_method
from cocktail.testing.data import TinyData
from cocktail.testing.learning import Probed, as_trainee
from cocktail.testing.probes import causality
from cocktail.testing.signals import make_scene

__doc__ += "\n\nA paper of 1984. Deviations: none."


@dataclass(frozen=True)
class Halve(Method):
    """Half of microphone 1, once for each talker."""

    task = ("enhance", "separate")
    needs = frozenset({"n_sources"})
    causal = True

    def __call__(self, mixture, view):
        return np.repeat(0.5 * mixture[:1], view.n_sources, axis=0)


@dataclass(frozen=True)
class Gate(Method):
    """A spectral gate: frame by frame, so causal with one window of latency."""

    causal = True
    share: float = 0.5

    def __call__(self, mixture, view):
        Y = stft(mixture[:1])
        peak = np.abs(Y).max(axis=-2, keepdims=True)
        return istft(Y * (np.abs(Y) > self.share * peak), mixture.shape[-1])


@dataclass(frozen=True)
class LearnedGain(LearnedMethod):
    """Keeps the mean power of speech, and does nothing with it but read it."""

    def fit(self, data, rng, folder):
        power = np.mean([np.mean(recording.samples**2) for recording in data.speech()])
        np.save(Path(folder) / "power.npy", power)

    def load(self, folder):
        return np.load(Path(folder) / "power.npy")

    def size(self, model):
        return int(model.size)

    def __call__(self, mixture, view):
        assert view.model.size == 1
        return mixture[:1].copy()


@dataclass(frozen=True)
class Truth(Method):
    """The reference."""

    paradigm = "oracle"

    def __call__(self, mixture, view):
        return view.references.target.copy()


def failed(method, **options):
    """Names of the probes that a method fails, without the name of the task."""
    probes = check_method(method, long_s=3.0, **options)
    return {probe.name.split(" (")[0]: probe.message for probe in probes if not probe.ok}


@pytest.mark.parametrize("method", [Halve(), Gate(), LearnedGain(), Truth()])
def test_sound_methods_conform(method):
    assert_conforms(method, long_s=3.0)


def broken(name, call, **attributes):
    """Halve, with another call."""
    cls = type(name, (Halve,), {"__call__": call, "__module__": __name__, "task": "enhance", **attributes})
    cls = dataclass(frozen=True)(cls)
    globals()[name] = cls
    return cls()


def in_place(self, mixture, view):
    mixture *= 0.5
    return mixture[:1].copy()


def normalised(self, mixture, view):
    return mixture[:1] / (1e-3 + np.abs(mixture).max())


def global_rng(self, mixture, view):
    return mixture[:1] * np.random.uniform(0.5, 1)  # noqa: NPY002


def whole_signal(self, mixture, view):
    return mixture[:1] * (mixture[:1].std() / (1e-9 + np.abs(mixture[:1]).max()))


def swallows_nan(self, mixture, view):
    return np.nan_to_num(mixture[:1])


def drops_a_sample(self, mixture, view):
    return mixture[:1, :-1]


def returns_complex(self, mixture, view):
    return mixture[:1].astype(complex)


def divides_by_zero(self, mixture, view):
    with np.errstate(all="ignore"):
        return mixture[:1] / np.abs(mixture).max() * np.abs(mixture).max()


def adds_noise(self, mixture, view):
    return mixture[:1] + 0.01 * view.rng.standard_normal(mixture[:1].shape)


def only_short_ones(self, mixture, view):
    if mixture.shape[-1] > 44100:
        raise MemoryError("too long")
    return mixture[:1].copy()


def only_one_channel(self, mixture, view):
    (one,) = mixture
    return one[None].copy()


def only_16_khz(self, mixture, view):
    if view.fs != 16000:
        raise KeyError(view.fs)
    return mixture[:1].copy()


def reaches_for_truth(self, mixture, view):
    try:
        return view.references.target
    except AccessError:
        return mixture[:1].copy()


@pytest.mark.parametrize(
    ("call", "attributes", "expected"),
    [
        (in_place, {}, {"input untouched"}),
        (normalised, {"causal": False}, {"scales 1e-3 to 100"}),
        (global_rng, {"causal": False}, {"determinism", "scales 1e-3 to 100", "batch equals loop"}),
        (whole_signal, {}, {"causality"}),
        (swallows_nan, {}, {"NaN input"}),
        (divides_by_zero, {}, {"silence"}),
        (adds_noise, {}, {"silence", "scales 1e-3 to 100"}),
        (only_short_ones, {}, {"60 s"}),
        (only_one_channel, {}, {"more channels"}),
        (only_16_khz, {}, {"44.1 kHz"}),
        (reaches_for_truth, {}, {"access"}),
    ],
)
def test_a_breach_is_found_and_nothing_else(call, attributes, expected):
    assert set(failed(broken("Broken", call, **attributes))) == expected


def test_causality_may_follow_from_the_parameters():
    @dataclass(frozen=True)
    class Ahead(Method):
        far: bool = False

        @property
        def causal(self):
            return not self.far

        def __call__(self, mixture, view):
            return whole_signal(self, mixture, view) if self.far else 0.5 * mixture[:1]

    for far, found in ((False, "causal: looks 0 ms ahead"), (True, "not causal")):
        (bench,) = benches(Ahead(far))
        assert causality(bench).startswith(found)


def test_causality_is_true_or_false():
    assert "not True or False" in failed(broken("Causal", Halve.__call__, causal="yes"))["attributes"]


def test_a_frame_too_far_ahead_is_not_causal():
    def one_late(self, mixture, view):
        return np.roll(mixture[:1], -600, axis=-1)

    assert set(failed(broken("Late", one_late))) == {"causality"}
    assert "38 ms ahead" in failed(broken("Late", one_late))["causality"]


@pytest.mark.parametrize("call", [drops_a_sample, returns_complex])
def test_wrong_form_fails_every_probe_that_looks_at_the_estimate(call):
    names = set(failed(broken("Broken", call)))
    assert {"silence", "0.1 s", "60 s", "determinism", "batch equals loop"} <= names


def test_wrong_batch_is_found():
    def forgets_one(self, mixtures, views):
        return [self(mixtures[0], views[0])]

    def mixes_up(self, mixtures, views):
        return [2 * self(mixture, view) for mixture, view in zip(mixtures, views, strict=True)]

    plain = Halve.__call__
    for batch in (forgets_one, mixes_up):
        assert set(failed(broken("Batch", plain, batch=batch))) == {"batch equals loop"}


def test_a_method_that_hangs_is_stopped():
    def hangs(self, mixture, view):
        while True:
            np.sin(mixture)

    message = failed(broken("Hangs", hangs), time_limit_s=0.05)["access"]
    assert "still running after 0.05 s" in message


def test_a_method_that_leaves_the_process_is_a_finding():
    def leaves(self, mixture, view):
        raise SystemExit(3)

    assert "SystemExit: 3 (test_probes.py" in failed(broken("Leaves", leaves))["access"]


def test_declaration():
    @dataclass
    class Thawed(Method):
        def __call__(self, mixture, view):
            return mixture[:1].copy()

    assert "frozen" in failed(Thawed())["class"]
    assert "enhance" in failed(broken("Task", Halve.__call__, task="enhanse"))["attributes"]
    assert "oracle" in failed(broken("Paradigm", Halve.__call__, paradigm="orakel"))["attributes"]
    assert "trained" in failed(broken("Paradigm", Halve.__call__, paradigm="source-model"))["attributes"]
    assert "array" in failed(broken("Needs", Halve.__call__, needs=frozenset({"geometry"})))["attributes"]
    assert "every condition" in failed(broken("Skips", Halve.__call__, skip=lambda self, info: "no"))["skip"]
    no_default = dataclasses.make_dataclass("NoDefault", [("order", int)], bases=(Halve,), frozen=True)
    assert "order" in failed(no_default(3))["class"]


@dataclass(frozen=True)
class Level(LearnedMethod):
    """Brings every mixture to the level of the train speech.

    Deviations: none.
    """

    paradigm = "separation"

    def fit(self, data, rng, folder):
        np.save(folder / "level.npy", np.abs(data.mixer.draw(rng, "train").sources).max())

    def load(self, folder):
        return float(np.load(folder / "level.npy"))

    def __call__(self, mixture, view):
        return istft(stft(mixture[:1]), mixture.shape[-1])


@dataclass(frozen=True)
class Doubled(Level):
    """Twice the level that another entry has found.

    Deviations: none.
    """

    def fit(self, data, rng, folder):
        np.save(folder / "level.npy", 2 * data.bases["base"])

    def __call__(self, mixture, view):
        if view.model != 2 * view.bases["base"]:
            raise AssertionError
        return super().__call__(mixture, view)


def test_a_method_is_probed_with_the_model_that_it_uses():
    level = Probed(Level())
    doubled = Probed(Doubled(), uses={"base": level})
    assert_conforms(doubled, long_s=2)
    assert_conforms(Probed(Doubled(), uses={"base": doubled}), long_s=2)
    (probe,) = [probe for probe in check_method(Doubled()) if not probe.ok]
    assert probe.name == "fit, save, load" and "no base 'base'" in probe.message


@dataclass(frozen=True)
class Mean(Level):
    """The mean of two others, weighed by a factor that brings it nearest to the talker.

    Deviations: none.
    """

    def fit(self, data, rng, folder):
        scenes = list(data.estimates("train"))
        mean = np.concatenate([np.mean([*x.estimates.values()], axis=0)[0] for x in scenes])
        target = np.concatenate([x.sources[0] for x in scenes])
        np.save(folder / "level.npy", mean @ target / (mean @ mean))

    def __call__(self, mixture, view):
        return view.model * np.mean([*view.estimates.values()], axis=0)


def test_a_method_is_probed_with_the_estimates_that_it_reads():
    members = {"level": Probed(Level()), "doubled": Probed(Doubled(), uses={"base": Probed(Level())})}
    assert_conforms(Probed(Mean(), reads=members), long_s=2)


def centroid(mixture):
    """Mean frequency of microphone 1, as a share of the band."""
    spectrum = np.abs(np.fft.rfft(mixture[0]))
    if not np.isfinite(spectrum).all():
        raise ValueError("the mixture holds NaN")
    return np.sum(np.arange(len(spectrum)) * spectrum) / max(spectrum.sum(), 1e-12) / len(spectrum)


@dataclass(frozen=True)
class Detector(Method):
    """Deviations: none."""

    task = "detect"

    def __call__(self, mixture, view):
        return centroid(mixture)


@dataclass(frozen=True)
class Verifier(Method):
    """Deviations: none."""

    task = "verify"

    def __call__(self, mixture, view):
        return np.array([1.0, centroid(mixture)])


@dataclass(frozen=True)
class Listener(Method):
    """Deviations: none."""

    task = "recognise"

    def __call__(self, mixture, view):
        return f"{centroid(mixture):.2f}"


@dataclass(frozen=True)
class Deaf(Method):
    """Deviations: none."""

    task = ("detect", "verify", "recognise")

    def __call__(self, mixture, view):
        return mixture


@pytest.mark.parametrize("method", [Detector(), Verifier(), Listener()])
def test_methods_that_answer_without_sound_conform(method):
    assert_conforms(method, long_s=2)


def test_an_answer_that_is_none_of_its_task_is_found():
    found = {probe.name: probe.message for probe in check_method(Deaf(), long_s=2) if not probe.ok}
    assert "expected one finite number" in found["clipped (detect)"]
    assert "expected a vector of floats" in found["clipped (verify)"]
    assert "expected the text" in found["clipped (recognise)"]


def test_a_learned_method_that_keeps_absolute_paths_is_found():
    @dataclass(frozen=True)
    class Absolute(LearnedGain):
        def fit(self, data, rng, folder):
            super().fit(data, rng, folder)
            (folder / "where.txt").write_text(str(folder / "power.npy"))

        def load(self, folder):
            return np.load((folder / "where.txt").read_text())

    globals()["Absolute"] = Absolute
    Absolute.__qualname__ = "Absolute"
    assert "FileNotFoundError" in failed(Absolute())["fit, save, load"]


def test_a_training_that_reads_a_field_of_calls_is_found():
    @dataclass(frozen=True)
    class Careless(LearnedGain):
        call_only = ("gain",)
        gain: float = 1.0

        def fit(self, data, rng, folder):
            super().fit(data, rng, folder)
            assert self.gain

    globals()["Careless"] = Careless
    Careless.__qualname__ = "Careless"
    assert "`fit` or `load` reads 'gain'" in failed(Careless())["fit, save, load"]
    trainee = pickle.loads(pickle.dumps(as_trainee(Careless(2.0))))
    assert hash(trainee) == hash(Careless(2.0)) and trainee.paradigm == Careless.paradigm


def test_assert_conforms_names_what_failed():
    with pytest.raises(AssertionError, match="NaN input: made finite sound"):
        assert_conforms(broken("Broken", swallows_nan), long_s=1.0)


def test_scene_is_exact_and_reproducible():
    scene = make_scene(n_sources=2, channels=4, seconds=0.5, seed=3)
    truth = scene.references
    np.testing.assert_allclose(truth.images.sum(0) + truth.noise, scene.mixture, atol=1e-12)
    np.testing.assert_array_equal(truth.target, truth.images[:, 0])
    np.testing.assert_array_equal(make_scene(n_sources=2, channels=4, seconds=0.5, seed=3).mixture, scene.mixture)
    assert scene.array.shape == (4, 3)
    assert np.abs(scene.mixture).max() == pytest.approx(0.5)


def test_training_data_grants_what_the_paradigm_grants():
    assert {recording.text for recording in TinyData("source-model").speech()} == {None}
    assert None not in {recording.text for recording in TinyData("annotated-source-model").speech()}
    with pytest.raises(CocktailError, match="mixture-only"):
        next(TinyData("mixture-only").noise())
    with pytest.raises(AccessError, match="only to separation"):
        _ = TinyData("source-model").mixer
    with pytest.raises(AccessError, match="only to annotated-source-model"):
        next(TinyData("separation").trials("train", 2))
    assert {x.label for x in TinyData("annotated-source-model").trials("valid", 4)} == {"bonafide", "low-pass"}


def test_training_mixtures_have_as_many_talkers_as_the_task():
    generator = np.random.default_rng(0)
    enhance, separate = (TinyData("separation", (task,)).mixer for task in ("enhance", "separate"))
    assert {len(enhance.draw(generator, split).sources) for split in ("train", "valid") for _ in range(9)} == {1}
    assert {len(separate.draw(generator, split).sources) for split in ("train", "valid") for _ in range(9)} == {2, 3}


@dataclass(frozen=True)
class Inverse(Method):
    """The channels unmixed by the inverse of their covariance, which equal channels have not."""

    def __call__(self, mixture, view):
        covariance = mixture @ mixture.T + 1e-18 * np.eye(len(mixture))
        weights = np.linalg.inv(covariance)[0] * covariance[0, 0]
        return (weights @ mixture + np.abs(weights).max() * mixture[0])[None]


def test_an_inverse_that_equal_channels_have_not_is_found():
    found = failed(Inverse())
    assert "dB louder than any channel" in found["dependent channels"]
    assert "dependent channels" not in failed(Halve())
