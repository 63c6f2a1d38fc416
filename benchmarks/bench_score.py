"""What scoring costs on one core: against the plain sequence of mir_eval, pesq and pystoi, and measure by measure.

Against the packages, a shard of two-talker scenes is read, decoded, scored and written by `score_shard`; the plain
sequence finds its signals in memory. Measure by measure, a scene of 2.5 s has one talker in noise. PESQ and recognisers
are printed but have no limit, since a suite may leave them out; all other measures together may take LIMIT_MS.
"""

import os
import sys

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from cocktail import tables
from cocktail.metrics.catalogue import METRICS as CATALOGUE
from cocktail.metrics.metric import Comparison
from cocktail.recognition.recogniser import create
from cocktail.rng import rng
from cocktail.scenes.scene import Scene, Talker
from cocktail.scoring.shard import score_shard
from cocktail.scoring.signals import SOURCE_METRICS
from cocktail.testing.signals import pink_noise, speech_like

FS = 16000
SCENES = 6
SECONDS = 3
SHARD = 20
ROUNDS = 3
METRICS = ["si_sdr", "sdr", "sir", "sar", "pesq_wb", "stoi", "estoi"]
LIMIT_MS = 40.0
"""CPU time of all but PESQ and recognisers for one scene of 2.5 s, files included."""
FLOOR = ("pesq_wb", "pesq_nb", "wer")
"""What is left to a suite to ask for or not."""


def make_scene(index):
    """Two talkers, and estimates of them with a leak and some noise, in the order of the talkers."""
    n = SECONDS * FS
    talkers = np.stack([0.1 * speech_like(n, FS, rng(index, k, role="talker")) for k in range(2)])
    noise = np.stack([pink_noise(n, rng(index, k, role="noise")) for k in range(2)])
    return talkers, talkers + 0.2 * talkers[::-1] + 0.1 * talkers.std() / noise.std() * noise


def record(talkers):
    """The JSON record of a scene of these talkers (K, N) at one microphone, without a room."""
    return Scene(
        id="scene",
        condition="bench",
        split="test",
        index=0,
        seed=0,
        fs=FS,
        task="separate",
        reference="image",
        n_samples=talkers.shape[-1],
        lead_s=0.0,
        peak=0.5,
        array=((0.0, 0.0, 0.0),),
        talkers=tuple(Talker(f"utterance-{k}", f"speaker-{k}", None, None, 0.0, None) for k in range(len(talkers))),
        room=None,
        noise=None,
    ).to_json()


def write_shard(folder, scenes):
    """The scenes as the Parquet files of a shard."""
    mixtures, references, estimates = [], [], []
    for index, (talkers, estimate) in enumerate(scenes):
        name = f"scene-{index}"
        cells = [tables.pack(x, FS, name) for x in talkers]
        mixture = tables.pack(talkers.sum(0), FS, name)
        mixtures.append({"scene": name, "fs": FS, "n_sources": len(talkers), "mixture": mixture})
        references.append(
            {
                "scene": name,
                "record": record(talkers),
                "reference": "image",
                "text": [None] * len(talkers),
                "images": cells,
            }
        )
        estimates.append({"scene": name, "status": "ok", "estimate": [tables.pack(x, FS, name) for x in estimate]})
    schemas = {"mixtures": tables.MIXTURES, "references": tables.REFERENCES, "estimates": tables.ESTIMATES}
    for (name, schema), rows in zip(schemas.items(), (mixtures, references, estimates), strict=True):
        tables.write_rows(folder / f"{name}.parquet", rows, schema)


def score(folder, metrics):
    """Score the shard in `folder`; returns the values, (talkers of all scenes, metric)."""
    paths = {name: folder / f"{name}.parquet" for name in ("mixtures", "references", "estimates")}
    out = folder / "scores.parquet"
    score_shard(**paths, out=out, condition="bench", entry="bench", metrics=metrics, recogniser=None)
    values = [row["value"] for row in tables.read_rows(out)]
    return np.array(values).reshape(-1, len(metrics))


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
    return np.array(values)


def timed(function, *args):
    """CPU seconds and result of a call."""
    start = sum(os.times()[:4])  # with children: scoring works in a process of its own
    result = function(*args)
    return sum(os.times()[:4]) - start, result


def noisy_scene(index):
    """A talker of 2.5 s, an estimate, and the noise that was in the mixture, (N,) each."""
    n = 5 * FS // 2
    talker = 0.1 * speech_like(n, FS, rng(index, role="talker"))
    noise = 0.1 * talker.std() * pink_noise(n, rng(index, role="noise"))
    return talker, talker + noise, 3 * noise


def shares():
    """Milliseconds of CPU time of each measure of one noisy scene; what several share counts for the first of them."""
    recogniser = create({"backend": "pocketsphinx", "mode": "grammar", "grammar": "grid"})
    taken = {name: [] for name in (*SOURCE_METRICS, "wer")}
    for index in range(2 * SCENES):
        talker, estimate, noise = noisy_scene(index)
        pair = Comparison(
            reference=talker[None],
            estimate=estimate[None],
            others=[noise],
            fs=FS,
            text=["place red by g nine again"],
            recogniser=recogniser,
        ).pairs[0]
        for name, times in taken.items():
            start = time.process_time()
            CATALOGUE[name].compute(pair)
            times.append(1e3 * (time.process_time() - start))
    return {name: min(times) for name, times in taken.items()}


def around():
    """Milliseconds of CPU time for files, decoding, permutation, SI-SDR and rows of a noisy scene, and for a job."""
    scenes = [noisy_scene(index) for index in range(SHARD)]
    with tempfile.TemporaryDirectory() as name:
        cost = {}
        for n in (SHARD // 4, SHARD):
            write_shard(Path(name), [(talker[None], estimate[None]) for talker, estimate, _ in scenes[:n]])
            cost[n] = min(timed(score, Path(name), ["si_sdr"])[0] for _ in range(2 * ROUNDS))
    of_scene = (cost[SHARD] - cost[SHARD // 4]) / (SHARD - SHARD // 4)
    job = [sys.executable, "-c", "import cocktail.scoring.shard, scipy.linalg"]
    of_job = cost[SHARD] - SHARD * of_scene + min(timed(subprocess.run, job)[0] for _ in range(ROUNDS))
    return 1e3 * of_scene, 1e3 * of_job


def compare():
    """Print how much faster a shard is scored than by the packages, and how far the values lie apart."""
    warnings.simplefilter("ignore", FutureWarning)  # mir_eval announces that it will drop the module
    scenes = [make_scene(index) for index in range(SCENES)]
    with tempfile.TemporaryDirectory() as name:
        write_shard(Path(name), scenes)
        score(Path(name), METRICS), plain(scenes[:1] * SCENES)  # imports and caches stay out of the measurement
        pairs = [(timed(score, Path(name), METRICS), timed(plain, scenes)) for _ in range(ROUNDS)]
    ratios = [theirs[0] / mine[0] for mine, theirs in pairs]
    difference = np.abs(pairs[0][0][1][..., 1:] - pairs[0][1][1]).max(axis=0)
    print(f"score a shard: {np.median(ratios):.1f} times as fast as mir_eval + pesq + pystoi")
    print("largest difference: " + ", ".join(f"{m} {d:.1e}" for m, d in zip(METRICS[1:], difference, strict=True)))


def main() -> int:
    """Print the comparison and the shares; 1 where a scene takes longer than LIMIT_MS."""
    compare()
    taken = shares()
    around_scene, around_job = around()
    taken["si_sdr"] = around_scene  # with what every scene costs
    rest = sum(value for name, value in taken.items() if name not in FLOOR)
    print("a scene of 2.5 s, one talker in noise, CPU time in ms (si_sdr with files and permutation):")
    for name, value in taken.items():
        print(f"  {name:12}{value:6.1f}{'   floor' if name in FLOOR else ''}")
    print(f"all but {', '.join(FLOOR)}: {rest:.1f} ms; right is at most {LIMIT_MS:g}")
    print(f"once a job, to start, to import and to open files: {around_job:.0f} ms")
    return int(rest > LIMIT_MS)


if __name__ == "__main__":
    raise SystemExit(main())
