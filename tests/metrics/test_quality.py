"""PESQ, STOI, the frame-averaged measures and their composites: the packages, slow readable judges, monotonicity."""

import numpy as np
import pytest

from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.composite import cbak, covl, csig
from cocktail.metrics.intelligibility import estoi, stoi
from cocktail.metrics.mask_detection import hit_fa
from cocktail.metrics.metric import Unscorable
from cocktail.metrics.perceptual import pesq
from cocktail.metrics.speech_quality import BANDWIDTH_HZ, CENTRE_HZ, analyse, cd, fwseg_snr, levinson, llr, seg_snr, wss
from cocktail.rng import rng
from cocktail.testing.signals import pink_noise, speech_like

FS = 16000


def pair(snr_db=5.0, *, seconds=2.0, fs=FS, seed=0):
    """A talker and the same in pink noise."""
    n = round(seconds * fs)
    speech = speech_like(n, fs, rng(seed, role="speech"))
    noise = pink_noise(n, rng(seed, role="noise"))
    speech *= 0.3 / np.abs(speech).max()
    return speech, speech + noise * speech.std() / noise.std() * 10 ** (-snr_db / 20)


@pytest.mark.parametrize(("fs", "mode"), [(16000, "wb"), (16000, "nb"), (8000, "nb")])
def test_pesq_is_the_package(fs, mode):
    import pesq as package

    reference, estimate = pair(fs=fs)
    ours = pesq(reference=reference, estimate=estimate, fs=fs, mode=mode)
    assert ours == package.pesq(fs, reference, estimate, mode)


def test_pesq_of_a_perfect_estimate_is_the_top_of_its_scale():
    reference, _ = pair()
    assert pesq(reference=reference, estimate=reference, fs=FS, mode="wb") == pytest.approx(4.644, abs=1e-3)
    assert pesq(reference=reference, estimate=reference, fs=FS, mode="nb") == pytest.approx(4.549, abs=1e-3)


def test_pesq_resamples_other_rates():
    reference, estimate = pair(fs=48000)
    assert 1.0 < pesq(reference=reference, estimate=estimate, fs=48000, mode="wb") < 4.6


def test_pesq_of_a_long_signal_is_the_mean_of_its_parts():
    """80 one-second utterances, which the package alone does not survive."""
    words = np.concatenate([np.r_[speech_like(8000, FS, rng(0, i, role="word")), np.zeros(8000)] for i in range(80)])
    noisy = words + 0.05 * rng(0, role="noise").standard_normal(len(words))
    parts = [
        pesq(reference=words[i : i + 20 * FS], estimate=noisy[i : i + 20 * FS], fs=FS, mode="nb")
        for i in range(0, len(words), 20 * FS)
    ]
    assert pesq(reference=words, estimate=noisy, fs=FS, mode="nb") == pytest.approx(np.mean(parts))


def test_pesq_says_why_it_has_no_value(monkeypatch):
    reference, estimate = pair()
    with pytest.raises(Unscorable, match="too-short"):
        pesq(reference=reference[:3000], estimate=estimate[:3000], fs=FS, mode="wb")
    with pytest.raises(Unscorable, match="needs-16-kHz"):
        pesq(reference=reference, estimate=estimate, fs=8000, mode="wb")
    monkeypatch.setitem(__import__("sys").modules, "pesq", None)
    with pytest.raises(Unscorable, match="not-installed: pesq"):
        pesq(reference=reference, estimate=estimate, fs=FS, mode="wb")


@pytest.mark.parametrize("fs", [8000, 10000, 16000, 44100])
@pytest.mark.parametrize("seed", [0, 1])
def test_stoi_and_estoi_equal_pystoi(fs, seed):
    import pystoi

    reference, estimate = pair(seed=seed, fs=fs)
    assert stoi(reference=reference, estimate=estimate, fs=fs) == pytest.approx(
        pystoi.stoi(reference, estimate, fs), abs=1e-9
    )
    assert estoi(reference=reference, estimate=estimate, fs=fs) == pytest.approx(
        pystoi.stoi(reference, estimate, fs, extended=True), abs=1e-7
    )


def test_estoi_is_the_same_twice_on_a_signal_with_silence():
    """pystoi's own differs from call to call there, by a random direction of each silent band."""
    import pystoi

    reference, estimate = pair()
    estimate[8000:20000] = 0.0
    first = estoi(reference=reference, estimate=estimate, fs=FS)
    assert first == estoi(reference=reference, estimate=estimate, fs=FS)
    assert first == pytest.approx(pystoi.stoi(reference, estimate, FS, extended=True), abs=0.05)


@pytest.mark.parametrize("function", [stoi, estoi])
def test_intelligibility_rises_with_the_snr_and_knows_no_scale(function):
    values = [function(**dict(zip(("reference", "estimate"), pair(snr), strict=True)), fs=FS) for snr in (-5, 0, 5, 15)]
    assert values == sorted(values) and values[0] < values[-1] - 0.05
    reference, estimate = pair(5)
    assert function(reference=reference, estimate=30 * estimate, fs=FS) == pytest.approx(values[2], abs=1e-6)
    assert function(reference=reference, estimate=reference, fs=FS) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("function", [stoi, estoi])
def test_intelligibility_needs_thirty_active_frames(function):
    reference, estimate = pair()
    with pytest.raises(Unscorable, match="too-short"):
        function(reference=reference[:5000], estimate=estimate[:5000], fs=FS)


# The book's programs frame by frame, as a judge of the vectorised ones.


def frames_of(x, length=480, hop=120):
    window = 0.5 * (1 - np.cos(2 * np.pi * np.arange(1, length + 1) / (length + 1)))
    count = int(len(x) / hop - length / hop)
    return [(x[t * hop : t * hop + length] + np.finfo(float).eps) * window for t in range(count)]


def slow_lpc(frame, order=16):
    from scipy.linalg import solve_toeplitz

    r = np.array([frame[: len(frame) - k] @ frame[k:] for k in range(order + 1)])
    return np.r_[1.0, -solve_toeplitz(r[:-1], r[1:])], r


def slow_filters(n_fft=1024):
    filters = []
    for centre, width in zip(CENTRE_HZ, BANDWIDTH_HZ, strict=True):
        j = np.arange(n_fft // 2)
        f0, bw = centre / 8000 * n_fft / 2, width / 8000 * n_fft / 2
        g = np.exp(-11 * ((j - np.floor(f0)) / bw) ** 2 + np.log(70.0) - np.log(width))
        filters.append(g * (g > np.exp(-30 / (2 * 2.303))))
    return np.array(filters)


def slow_best_mean(values):
    return np.mean(np.sort(values)[: round(0.95 * len(values))])


def slow_peaks(level, slope):
    peaks = []
    for i in range(24):
        n = i
        if slope[i] > 0:
            while n < 24 and slope[n] > 0:
                n += 1
            peaks.append(level[n - 1])
        else:
            while n >= 0 and slope[n] <= 0:
                n -= 1
            peaks.append(level[n + 1])
    return np.array(peaks)


def slow_wss(reference, estimate):
    filters, distances = slow_filters(), []
    for s, e in zip(frames_of(reference), frames_of(estimate), strict=True):
        weights, slopes = [], []
        for frame in (s, e):
            level = 10 * np.log10(np.maximum(filters @ np.abs(np.fft.fft(frame, 1024)[:512]) ** 2, 1e-10))
            slope = np.diff(level)
            slopes.append(slope)
            weights.append(20 / (20 + level.max() - level[:-1]) / (1 + slow_peaks(level, slope) - level[:-1]))
        w = np.mean(weights, axis=0)
        distances.append((w * (slopes[0] - slopes[1]) ** 2).sum() / w.sum())
    return slow_best_mean(distances)


def slow_llr(reference, estimate, most):
    from scipy.linalg import toeplitz

    values = []
    for s, e in zip(frames_of(reference), frames_of(estimate), strict=True):
        (a, r), (b, _) = slow_lpc(s), slow_lpc(e)
        values.append(min(most, np.log((b @ toeplitz(r) @ b) / (a @ toeplitz(r) @ a))))
    return slow_best_mean(values)


def slow_cd(reference, estimate):
    values = []
    for s, e in zip(frames_of(reference), frames_of(estimate), strict=True):
        # cepstrum of 1 / A from its log spectrum
        spectra = [-np.log(np.abs(np.fft.rfft(slow_lpc(x)[0], 16384))) for x in (s, e)]
        c = [2 * np.fft.irfft(x)[1:17] for x in spectra]
        values.append(min(10.0, 10 * np.sqrt(2) / np.log(10) * np.linalg.norm(c[0] - c[1])))
    return slow_best_mean(values)


def slow_fwseg(reference, estimate):
    filters, values = slow_filters(), []
    for s, e in zip(frames_of(reference), frames_of(estimate), strict=True):
        S, E = (np.abs(np.fft.fft(x, 1024)[:512]) for x in (s, e))
        S, E = filters @ (S / S.sum()), filters @ (E / E.sum())
        snr = 10 * np.log10(S**2 / np.maximum((S - E) ** 2, np.finfo(float).eps))
        values.append(np.clip((S**0.2 * snr).sum() / (S**0.2).sum(), -10, 35))
    return np.mean(values)


def slow_seg_snr(reference, estimate):
    values = []
    for s, e in zip(frames_of(reference), frames_of(estimate), strict=True):
        values.append(np.clip(10 * np.log10((s @ s) / ((s - e) @ (s - e) + np.finfo(float).eps)), -10, 35))
    return np.mean(values)


def test_frame_measures_equal_their_slow_versions():
    reference, estimate = pair(5)
    frames = analyse(reference=reference, estimate=estimate, fs=FS)
    assert seg_snr(frames) == pytest.approx(slow_seg_snr(reference, estimate), abs=1e-6)
    assert fwseg_snr(frames) == pytest.approx(slow_fwseg(reference, estimate), abs=1e-6)
    assert llr(frames) == pytest.approx(slow_llr(reference, estimate, 2.0), abs=1e-4)
    assert cd(frames) == pytest.approx(slow_cd(reference, estimate), abs=1e-3)
    assert wss(frames) == pytest.approx(slow_wss(reference, estimate), abs=1e-6)


def test_levinson_recovers_an_autoregressive_process():
    a = np.array([1.0, -1.2, 0.8, -0.1])
    response = np.zeros(4000)  # impulse response of 1 / A
    response[0] = 1.0
    for n in range(1, 4000):
        past = response[max(0, n - 3) : n][::-1]
        response[n] = -a[1 : 1 + len(past)] @ past
    r = np.array([response[: 4000 - k] @ response[k:] for k in range(6)])
    np.testing.assert_allclose(levinson(r[None])[0], [*a, 0.0, 0.0], atol=1e-9)


def test_composites_are_the_published_regression():
    assert csig(pesq=2.0, llr=0.5, wss=30.0) == pytest.approx(3.093 - 0.5145 + 1.206 - 0.27)
    assert cbak(pesq=2.0, wss=30.0, seg_snr=5.0) == pytest.approx(1.634 + 0.956 - 0.21 + 0.315)
    assert covl(pesq=2.0, llr=0.5, wss=30.0) == pytest.approx(1.594 + 1.61 - 0.256 - 0.21)
    assert csig(pesq=1.0, llr=10.0, wss=100.0) == 1.0
    assert covl(pesq=4.64, llr=0.0, wss=0.0) == 5.0


def test_composite_metrics_equal_the_slow_versions_put_together():
    reference, estimate = pair(5)
    parts = {
        "pesq": pesq(reference=reference, estimate=estimate, fs=FS, mode="wb"),
        "llr": slow_llr(reference, estimate, np.inf),
        "wss": slow_wss(reference, estimate),
    }
    given = {"reference": reference, "estimate": estimate, "fs": FS}
    assert METRICS["csig"](**given) == pytest.approx(csig(**parts), abs=1e-4)
    assert METRICS["covl"](**given) == pytest.approx(covl(**parts), abs=1e-4)
    snr = slow_seg_snr(reference, estimate)
    assert METRICS["cbak"](**given) == pytest.approx(cbak(pesq=parts["pesq"], wss=parts["wss"], seg_snr=snr), abs=1e-4)


def test_frame_measures_of_a_perfect_estimate():
    reference, _ = pair()
    frames = analyse(reference=reference, estimate=reference, fs=FS)
    assert (seg_snr(frames), cd(frames), llr(frames), wss(frames)) == (35.0, 0.0, 0.0, 0.0)
    assert fwseg_snr(frames) == 35.0


def test_digital_silence_around_the_reference_changes_nothing():
    """A reference padded with zeros has no spectrum there: those frames say nothing about the estimate."""
    reference, estimate = pair()
    padded = [np.pad(x, 9600) for x in (reference, estimate)]
    padded[1] += 1e-3 * rng(0, role="floor").standard_normal(len(padded[1]))
    inner, outer = (
        analyse(reference=s, estimate=e, fs=FS) for s, e in ((reference, padded[1][9600:-9600]), (padded[0], padded[1]))
    )
    for measure in (llr, cd, wss):
        assert measure(outer) == pytest.approx(measure(inner), rel=0.05)
    for measure in (seg_snr, fwseg_snr):
        assert measure(outer) == pytest.approx(measure(inner), abs=0.4)


def test_frame_measures_stay_finite_where_the_estimate_is_muted():
    reference, estimate = pair()
    estimate[5000:15000] = 0.0
    frames = analyse(reference=reference, estimate=estimate, fs=FS)
    assert np.isfinite([llr(frames), cd(frames), wss(frames), seg_snr(frames), fwseg_snr(frames)]).all()


def test_frame_measures_need_a_frame():
    reference, estimate = pair()
    with pytest.raises(Unscorable, match="too-short"):
        analyse(reference=reference[:500], estimate=estimate[:500], fs=FS)


def test_hit_fa_counts_units():
    ideal = np.array([1, 1, 1, 1, 0, 0, 0, 0], bool)
    assert hit_fa(ideal=ideal, estimate=ideal) == 100.0
    assert hit_fa(ideal=ideal, estimate=~ideal) == -100.0
    assert hit_fa(ideal=ideal, estimate=np.ones(8, bool)) == 0.0
    assert hit_fa(ideal=ideal, estimate=np.array([1, 1, 1, 0, 1, 0, 0, 0], bool)) == pytest.approx(50.0)
    with pytest.raises(Unscorable, match="one-sided-mask"):
        hit_fa(ideal=np.ones(8, bool), estimate=ideal)


def test_hit_fa_is_100_for_the_truth_and_0_for_the_mixture():
    reference, mixture = pair(0)
    given = {"reference": reference, "interference": mixture - reference, "fs": FS}
    assert METRICS["hit_fa"](estimate=reference, **given) == pytest.approx(100.0)
    assert METRICS["hit_fa"](estimate=mixture, **given) == pytest.approx(0.0, abs=1.0)
