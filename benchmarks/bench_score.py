"""Scoring a shard of two-talker scenes against the plain sequence of mir_eval, pesq and pystoi, one core each.

The shard is read, decoded, scored and written by `score_shard`; the plain sequence finds its signals in memory.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import tempfile
import warnings
from pathlib import Path

import numpy as np

from cocktail import tables
from cocktail.rng import rng
from cocktail.scoring.shard import score_shard
from cocktail.testing.signals import pink_noise, speech_like

FS = 16000
SCENES = 6
SECONDS = 3
ROUNDS = 3
RECORD = '{"task": "separate", "talkers": [{"speaker": "a", "utterance": "a"}]}'
METRICS = ["si_sdr", "sdr", "sir", "sar", "pesq_wb", "stoi", "estoi"]


def make_scene(index):
    """Two talkers, and estimates of them with a leak and some noise, in the order of the talkers."""
    n = SECONDS * FS
    talkers = np.stack([0.1 * speech_like(n, FS, rng(index, k, role="talker")) for k in range(2)])
    noise = np.stack([pink_noise(n, rng(index, k, role="noise")) for k in range(2)])
    return talkers, talkers + 0.2 * talkers[::-1] + 0.1 * talkers.std() / noise.std() * noise


def write_shard(folder, scenes):
    """The scenes as the Parquet files of a shard."""
    mixtures, references, estimates = [], [], []
    for index, (talkers, estimate) in enumerate(scenes):
        name = f"scene-{index}"
        cells = [tables.pack(x, FS, name) for x in talkers]
        mixtures.append({"scene": name, "fs": FS, "n_sources": 2, "mixture": tables.pack(talkers.sum(0), FS, name)})
        references.append(
            {"scene": name, "record": RECORD, "reference": "image", "text": [None, None], "images": cells}
        )
        estimates.append({"scene": name, "status": "ok", "estimate": [tables.pack(x, FS, name) for x in estimate]})
    schemas = {"mixtures": tables.MIXTURES, "references": tables.REFERENCES, "estimates": tables.ESTIMATES}
    for (name, schema), rows in zip(schemas.items(), (mixtures, references, estimates), strict=True):
        tables.write_rows(folder / f"{name}.parquet", rows, schema)


def ours(folder):
    """Values of the shard, (scene, talker, metric)."""
    paths = {name: folder / f"{name}.parquet" for name in ("mixtures", "references", "estimates")}
    out = folder / "scores.parquet"
    score_shard(**paths, out=out, condition="bench", entry="bench", metrics=METRICS, recogniser=None)
    values = [row["value"] for row in tables.read_rows(out)]
    return np.array(values).reshape(SCENES, 2, len(METRICS))[..., 1:]


def plain(scenes):
    """The same values but SI-SDR, by the packages one after the other."""
    import mir_eval
    import pesq
    import pystoi

    values = []
    for talkers, estimate in scenes:
        sdr, sir, sar, order = mir_eval.separation.bss_eval_sources(talkers, estimate)
        for k, (s, e) in enumerate(zip(talkers, estimate[order], strict=True)):
            quality = pesq.pesq(FS, s, e, "wb")
            values.append(
                [sdr[k], sir[k], sar[k], quality, pystoi.stoi(s, e, FS), pystoi.stoi(s, e, FS, extended=True)]
            )
    return np.array(values).reshape(SCENES, 2, -1)


def timed(function, *args):
    """CPU seconds and result of a call."""
    start = sum(os.times()[:4])  # with children: scoring works in a process of its own
    result = function(*args)
    return sum(os.times()[:4]) - start, result


def main():
    """Print the ratio of the CPU times, and how far the values lie apart."""
    warnings.simplefilter("ignore", FutureWarning)  # mir_eval announces that it will drop the module
    scenes = [make_scene(index) for index in range(SCENES)]
    with tempfile.TemporaryDirectory() as name:
        write_shard(Path(name), scenes)
        ours(Path(name)), plain(scenes[:1] * SCENES)  # imports and caches stay out of the measurement
        pairs = [(timed(ours, Path(name)), timed(plain, scenes)) for _ in range(ROUNDS)]
    ratios = [theirs[0] / mine[0] for mine, theirs in pairs]
    difference = np.abs(pairs[0][0][1] - pairs[0][1][1]).max(axis=(0, 1))
    print(f"score a shard: {np.median(ratios):.1f} times as fast as mir_eval + pesq + pystoi")
    print("largest difference: " + ", ".join(f"{m} {d:.1e}" for m, d in zip(METRICS[1:], difference, strict=True)))


if __name__ == "__main__":
    main()
