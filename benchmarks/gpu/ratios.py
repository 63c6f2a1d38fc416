"""Part 3: factorisation, expectation maximisation and mixing on the GPU, against one core of the CPU.

Both sides get the same numbers. Times are the shortest of some repeats, copies to the GPU and back included where a
method makes them.

FastMNMF is pyroomacoustics' and has no GPU path; its place is taken by DNN-EM. Training mixtures are made by processes
on the CPU: what one core and what all workers make is compared with what the networks of part 1 take, and the largest
share of it, convolution with room responses, is tried on the GPU.
"""

import time
from collections.abc import Callable

import numpy as np
import torch

from benchmarks.gpu.node import Clock, Node, fill
from cocktail.dsp.nmf import models
from cocktail.dsp.spatial import dnn_em
from cocktail.nets.segments import Segments, collate
from cocktail.rng import rng
from cocktail.training.data import sound
from cocktail.training.loop.batches import Batches, workers

REPEATS = 3
SCENES, BINS, FRAMES, BASES, NOISE_BASES, ITERATIONS = 48, 513, 180, 460, 3, 25
"""Of NMF, as in the suite `standard`; scenes of DNN-EM are fewer, see EM."""
EM = {"scenes": 8, "bins": 257, "mics": 6, "frames": 375, "updates": 20}
TALKERS, SECONDS, RESPONSE_S = 64, 3.0, 0.4
"""Of the convolutions."""
BATCH, SEGMENT_S, BATCHES = 32, 3.2, 24
"""Of the training mixtures."""
MIXTURES = "two-talkers"


def part(node: Node, clock: Clock, report: dict, written, small: float = 1.0) -> None:
    """Fill `report` {case: figures}, calling `written` after each. `small`: factor on all sizes, for a dry run."""
    cases = {"nmf": nmf, "nmf-semi-supervised": nmf_semi, "dnn-em": em, "convolution": convolution, "mixing": mixing}
    fill(report, cases, lambda name: cases[name](node, small), clock, written)


def seconds(call: Callable, device: str, repeats: int = REPEATS) -> float:
    """Shortest of some repeats on a device, after one that is not counted; on a CPU one core, once."""
    threads = torch.get_num_threads()
    times = []
    try:
        if device == "cpu":
            torch.set_num_threads(1)
        for _ in range(1 if device == "cpu" else repeats + 1):
            start = time.perf_counter()
            call()
            if device != "cpu":
                torch.cuda.synchronize()
            times.append(time.perf_counter() - start)
    finally:
        torch.set_num_threads(threads)
    return min(times[1:] or times)


def ratio(node: Node, call: Callable[[str], object]) -> dict:
    """`call(device)` on one core and on the node's device."""
    core, other = (seconds(lambda d=device: call(d), device) for device in ("cpu", node.device))
    return {"core_s": core, "gpu_s": other, "ratio": core / other}


def nmf(node: Node, small: float) -> dict:
    """All bases fixed: the frames of all scenes side by side."""
    columns, speech, noise = _nmf_problem(small)
    return ratio(
        node,
        lambda device: models.supervised(
            columns, speech, noise, mu=5.0, divergence="kl", iterations=ITERATIONS, device=device
        ),
    )


def nmf_semi(node: Node, small: float) -> dict:
    """Noise bases learnt on each scene."""
    columns, speech, _ = _nmf_problem(small)

    def call(device):
        generators = [np.random.default_rng(i) for i in range(len(columns))]
        return models.semi_supervised(
            columns, speech, NOISE_BASES, generators, mu=1.0, divergence="kl", iterations=ITERATIONS, device=device
        )

    return ratio(node, call)


def _nmf_problem(small):
    generator = np.random.default_rng(0)
    n_bases, n_scenes = max(int(small * BASES), 8), max(int(small * SCENES), 2)
    bases = generator.gamma(0.3, 1.0, (BINS, n_bases)).astype(np.float32) + np.float32(1e-6)
    bases /= np.linalg.norm(bases, axis=0)
    columns = [generator.gamma(0.5, 1.0, (BINS, FRAMES)).astype(np.float32) + 1e-5 for _ in range(n_scenes)]
    return columns, bases[:, : n_bases // 2], bases[:, n_bases // 2 :]


def em(node: Node, small: float) -> dict:
    """DNN-EM: updates of both covariances, then the Wiener filter; the GPU takes all scenes together."""
    generator = np.random.default_rng(0)
    n_scenes, n_bins = max(int(small * EM["scenes"]), 1), max(int(small * EM["bins"]), 4)
    shape = (n_scenes, n_bins, EM["mics"], EM["frames"])
    x = (generator.standard_normal((*shape, 2)).astype(np.float32)).view(np.complex64)[..., 0]
    v = generator.gamma(0.3, 1.0, (n_scenes, 2, n_bins, EM["frames"])).astype(np.float32) + np.float32(1e-5)

    def call(device):
        size = 1 if device == "cpu" else n_scenes
        for i in range(0, n_scenes, size):
            X, V = (torch.as_tensor(part[i : i + size], device=device) for part in (x, v))
            R = dnn_em.update_covariances(X, V, dnn_em.identity(X), updates=EM["updates"])
            dnn_em.posterior(X, V, R).first.cpu()

    return ratio(node, call)


def convolution(node: Node, small: float) -> dict:
    """Dry speech with the responses of rooms, circular as the mixer does it."""
    generator, fs = np.random.default_rng(0), node.jobs["fs"]
    n_talkers, n_samples = max(int(small * TALKERS), 2), round(SECONDS * fs)
    dry = generator.standard_normal((n_talkers, n_samples), np.float32)
    responses = generator.standard_normal((n_talkers, round(RESPONSE_S * fs)), np.float32)

    def call(device):
        if device == "cpu":
            for signal, response in zip(dry, responses, strict=True):
                sound.convolved([signal], [response], [0], n_samples + responses.shape[1] - 1)
        else:
            length = n_samples + responses.shape[1] - 1
            spectra = [torch.fft.rfft(torch.as_tensor(part, device=device), length) for part in (dry, responses)]
            torch.fft.irfft(spectra[0] * spectra[1], length)

    return ratio(node, call)


def mixing(node: Node, small: float) -> dict:
    """Training mixtures a second: of one core, and of all workers, in batches that reach the device."""
    name = next(name for name, job in node.entries.items() if MIXTURES in job["train_on"])
    draw = node.data(name, node.method(name), [MIXTURES]).mixer.draw
    segments = Segments(draw, round(SEGMENT_S * node.jobs["fs"]))
    generator, count = rng(0, role="benchmark"), max(int(small * 4 * BATCH), 4)
    start = time.perf_counter()
    for _ in range(count):
        segments(generator, "train")
    core = count / (time.perf_counter() - start)
    batches, used = max(int(small * BATCHES), 3), workers(node.device)
    drawn = Batches(segments, split="train", seed=0, stage="benchmark", batch=BATCH, collate=collate)
    arrived = []
    for batch in drawn.numbers(0, batches * BATCH, workers=used, pin=node.device != "cpu"):
        batch["mixture"].to(node.device, non_blocking=True)
        arrived.append(time.perf_counter())
    rate = BATCH * (len(arrived) - 1) / (arrived[-1] - arrived[0])
    return {"core_per_s": core, "workers": used, "workers_per_s": rate, "ratio": rate / core}
