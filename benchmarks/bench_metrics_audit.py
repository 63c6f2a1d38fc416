"""Are the scores right? Metrics against their reference packages and against published values.

BSS Eval against mir_eval, fast_bss_eval and, where it is installed, museval; STOI and ESTOI against pystoi; PESQ
against the values that the package pesq and torchmetrics publish for their examples. Signals are recordings where
COCKTAIL_DATA names a folder of them (its subfolders `speech` and `noise`), and synthetic otherwise. Exits with 1 where
a difference is larger than it may be.

museval is no dependency: it brings musdb, stempeg and ffmpeg for one function. The two files of PESQ's example are not
redistributed here; they are compared where they lie under $COCKTAIL_DATA/pesq.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import importlib
import sys
import warnings
from pathlib import Path

import numpy as np

from cocktail import audio
from cocktail.metrics.bss_eval import bss_eval
from cocktail.metrics.intelligibility import estoi, stoi
from cocktail.metrics.perceptual import pesq
from cocktail.rng import rng
from cocktail.testing.signals import pink_noise, speech_like

FS = 16000
SECONDS = 4
PAIRS = 4
DATA = os.environ.get("COCKTAIL_DATA")
LIMITS = {"dB": 1e-2, "STOI": 1e-6, "MOS": 5e-4}
"""Differences that may be: numerics of the solvers, and the digits of what is published."""
EXAMPLES = {"wb": 1.0832337141036987, "nb": 1.6072081327438354}
"""README of the package pesq: audio/speech.wav against audio/speech_bab_0dB.wav."""
TORCHMETRICS = {("nb", 8000): 2.2076, ("wb", 16000): 1.7359}
"""Documentation of torchmetrics 1.0 on PerceptualEvaluationSpeechQuality: torch.randn(8000) twice, seed 1."""


def recordings(kind, number):
    """So many different signals (N,) of `speech` or `noise`, drawn from all that are long enough."""
    n = SECONDS * FS
    if DATA is None:
        make = speech_like if kind == "speech" else lambda n, fs, generator: pink_noise(n, generator)
        return [make(n, FS, rng(i, role=kind)) for i in range(number)]
    signals = []
    paths = sorted(path for path in Path(DATA, kind).rglob("*") if path.suffix in (".flac", ".wav"))
    for i in rng(0, role=kind).permutation(len(paths)):
        x = audio.read(paths[i], FS)[0][0]
        if len(x) >= n and np.std(x[:n]) > 1e-3:
            signals.append(x[:n] / np.std(x[:n]))
        if len(signals) == number:
            return signals
    sys.exit(f"{DATA}/{kind}: fewer than {number} recordings of {SECONDS} s")


def scenes():
    """(references, estimates), (2, N) each: every estimate with a leak, noise, and a filter of its own."""
    talkers, noises = recordings("speech", 2 * PAIRS), recordings("noise", PAIRS)
    for i in range(PAIRS):
        reference = np.stack(talkers[2 * i : 2 * i + 2])
        leak, level = 10 ** (-rng(i, role="levels").uniform(3, 20, size=2) / 20)
        response = np.exp(-np.arange(200) / 30) * rng(i, role="filter").standard_normal(200)
        response[0] = 4.0
        filtered = np.stack([np.convolve(x, response)[: x.size] for x in reference]) / 4
        yield reference, filtered + leak * reference[::-1] + level * noises[i] / np.std(noises[i])


def by_mir_eval(reference, estimate):
    import mir_eval

    return np.stack(mir_eval.separation.bss_eval_sources(reference, estimate, compute_permutation=False)[:3])


def by_fast_bss_eval(reference, estimate):
    """In torch: its solver for NumPy does not work with NumPy 2."""
    import fast_bss_eval
    import torch

    pair = torch.from_numpy(reference), torch.from_numpy(estimate)
    return np.stack([values.numpy() for values in fast_bss_eval.bss_eval_sources(*pair, compute_permutation=False)[:3]])


def by_museval(reference, estimate):
    """With one window and one filter for the whole signal, as BSS Eval 3 has it."""
    metrics = importlib.import_module("museval.metrics")
    measures = metrics.bss_eval(
        reference, estimate, window=np.inf, compute_permutation=False, bsseval_sources_version=True
    )
    sdr, _, sir, sar = (values[:, 0] for values in measures[:4])
    return np.stack([sdr, sir, sar])


def compare(pairs):
    """(metric, judge, unit, largest difference)."""
    import pystoi

    ours = [np.stack(bss_eval(reference=reference, estimate=estimate)) for reference, estimate in pairs]
    judges = {"mir_eval": by_mir_eval, "fast_bss_eval": by_fast_bss_eval, "museval": by_museval}
    for name, judge in judges.items():
        try:
            theirs = [judge(*pair) for pair in pairs]
        except ImportError as error:
            print(f"SDR, SIR, SAR against {name}: not compared ({error})")
            continue
        for k, metric in enumerate(("SDR", "SIR", "SAR")):
            yield metric, name, "dB", max(np.abs(a[k] - b[k]).max() for a, b in zip(ours, theirs, strict=True))
    for metric, function, extended in (("STOI", stoi, False), ("ESTOI", estoi, True)):
        differences = [
            abs(function(reference=s, estimate=e, fs=FS) - pystoi.stoi(s, e, FS, extended=extended))
            for reference, estimate in pairs
            for s, e in zip(reference, estimate, strict=True)
        ]
        yield metric, "pystoi", "STOI", max(differences)


def published():
    """(metric, where it is published, unit, difference)."""
    import torch

    torch.manual_seed(1)
    estimate, reference = torch.randn(8000).numpy(), torch.randn(8000).numpy()
    for (mode, fs), value in TORCHMETRICS.items():
        score = pesq(reference=reference, estimate=estimate, fs=fs, mode=mode)
        yield f"PESQ {mode}", f"torchmetrics, which says {value}", "MOS", abs(score - value)
    paths = [Path(DATA or "", "pesq", name) for name in ("speech.wav", "speech_bab_0dB.wav")]
    if not all(path.is_file() for path in paths):
        print("PESQ against the example of the package pesq: not compared (no $COCKTAIL_DATA/pesq/speech.wav)")
        return
    reference, estimate = (audio.read(path, FS)[0][0] for path in paths)
    for mode, value in EXAMPLES.items():
        score = pesq(reference=reference, estimate=estimate, fs=FS, mode=mode)
        yield f"PESQ {mode}", f"its package, which says {value:.4f}", "MOS", abs(score - value)


def main():
    """Print every difference; exit with 1 where one is too large."""
    warnings.simplefilter("ignore")  # mir_eval announces that it will drop the module
    wrong = 0
    print(f"{PAIRS} scenes of two talkers, {'recordings' if DATA else 'synthetic (COCKTAIL_DATA names recordings)'}")
    for metric, judge, unit, difference in [*compare(list(scenes())), *published()]:
        bad = not difference <= LIMITS[unit]
        wrong += bad
        print(f"{'WRONG ' if bad else ''}{metric} against {judge}: largest difference {difference:.1e} {unit}")
    sys.exit(int(bool(wrong)))


if __name__ == "__main__":
    main()
