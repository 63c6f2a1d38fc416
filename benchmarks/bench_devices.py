"""Whether a GPU gives what the CPU gives: one entry of every plugin that computes on one, with the same weights.

Models are of the sizes of `tiny`, trained on the CPU for seconds on synthetic sound, and run on both devices on scenes
whose truth is known. Signals are compared by their SI-SDR to the truth, scores and embeddings with each other, text by
being the same. The status is 1 where the devices disagree; without a GPU nothing is compared, and it says so.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from cocktail.metrics.si_sdr import best_permutation, si_sdr_matrix
from cocktail.plugins.registry import Registry
from cocktail.runtime.device import device_name
from cocktail.testing.entries import probed
from cocktail.testing.learning import prepare

SECONDS, SCENES = 4.0, 3
LIMITS = {
    "enhance": (0.05, "dB of SI-SDR"),
    "separate": (0.05, "dB of SI-SDR"),
    "verify": (1e-3, "of the embedding's length"),
    "detect": (1e-2, "of the score"),
    "recognise": (0, "texts"),
}
"""Task -> the largest difference between devices that counts as agreement, and what it is of."""


def entries(registry):
    """The first entry of every plugin that uses a GPU where there is one."""
    found = {}
    for entry in registry.entries.values():
        if "gpu" in entry.cls.needs:
            found.setdefault(entry.plugin.name, entry)
    return list(found.values())


def ready(entry, registry, folder):
    """A bench of a method that was trained on the CPU."""
    return prepare(probed(entry, registry), folder)


def si_sdr_db(estimate, scene):
    """Mean SI-SDR of the talkers of a scene, each estimate being the talker that it fits best."""
    found = si_sdr_matrix(reference=scene.references.target, estimate=np.asarray(estimate))
    return np.mean([found[k, j] for k, j in enumerate(best_permutation(found))])


def difference(bench, scene, other):
    """How far the answers on the CPU and on the device `other` are apart, in the unit of LIMITS."""
    a, b = (replace(bench, device=device).run_unchecked(scene) for device in ("cpu", other))
    if bench.makes_sound:
        return abs(si_sdr_db(a, scene) - si_sdr_db(b, scene))
    if bench.info.task == "recognise":
        return float(a != b)
    return np.linalg.norm(np.subtract(a, b)) / (np.linalg.norm(a) if bench.info.task == "verify" else 1)


def agrees(entry, registry, other):
    """Compare the devices on some scenes, print the largest difference, and say whether it is within the limit."""
    with tempfile.TemporaryDirectory() as folder:
        bench = ready(entry, registry, Path(folder))
        worst = np.max([difference(bench, bench.scene(SECONDS, seed=seed), other) for seed in range(SCENES)])
    limit, unit = LIMITS[bench.info.task]
    verdict = "agrees" if worst <= limit else "DISAGREES"
    print(f"{entry.name}: {verdict}: at most {worst:.2g} {unit} apart on {SCENES} scenes (limit {limit:g})", flush=True)
    return bool(worst <= limit)


def main(other="cuda"):
    """Compare the CPU with a device; status 1 where an entry disagrees."""
    if other == "cuda" and not torch.cuda.is_available():
        print("devices: there is no GPU here, so that nothing was compared")
        return 0
    registry = Registry()
    print(f"devices: {device_name('cpu')} and {device_name(other)}")
    agreed = [agrees(entry, registry, other) for entry in entries(registry)]
    return int(not all(agreed))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
