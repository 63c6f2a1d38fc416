"""What is done to a scene's mixture, drawn from what its condition says under `degradations`.

`at_once` says how many of them a scene has; which ones, and how strong they are, is drawn for every scene.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cocktail.degradations.packets import draw_lost, packets


@dataclass(frozen=True)
class Degradations:
    """In the order in which they are done (cocktail.degradations.chain); None: not done."""

    wind_db: float | None = None
    """Active speech over wind."""
    clipped: float | None = None
    """Share of the samples that is at full scale."""
    gain_db: float | None = None
    """By how much automatic gain raises or lowers at most."""
    band_hz: tuple[float, float] | None = None
    """Lower and upper end."""
    codec: str | None = None
    """One of cocktail.degradations.codecs.CODECS."""
    rate_kbps: float | None = None
    """Of Opus."""
    lost: tuple[int, ...] | None = None
    """Packets, counted from 0, that do not arrive."""

    def names(self) -> tuple[str, ...]:
        """Those of NAMES that are done."""
        done = (self.wind_db, self.clipped, self.gain_db, self.band_hz, self.codec, self.lost)
        return tuple(name for name, value in zip(NAMES, done, strict=True) if value is not None)


NAMES = ("wind", "clipping", "gain", "band", "codec", "loss")
"""As conditions name them."""


def draw_degradations(
    spec: dict, generator: Callable[[str], np.random.Generator], n_samples: int, fs: int
) -> Degradations:
    """What is done to a mixture of `n_samples`, of a condition's `degradations`. `generator`: role -> generator."""
    known, which = [name for name in NAMES if name in spec], generator("degradations")
    number = which.integers(spec["at_once"][0], spec["at_once"][1] + 1)
    chosen = {known[i] for i in which.permutation(len(known))[:number]}
    drawn: dict = {}
    for name in known:
        if name not in chosen:
            continue
        said, strength = spec[name], generator(f"degradation {name}")
        if name == "wind":
            drawn["wind_db"] = float(strength.uniform(*said["snr_db"]))
        elif name == "clipping":
            drawn["clipped"] = float(strength.uniform(*said["share"]))
        elif name == "gain":
            drawn["gain_db"] = float(strength.uniform(*said["range_db"]))
        elif name == "band":
            drawn["band_hz"] = float(strength.uniform(*said["low_hz"])), float(strength.uniform(*said["high_hz"]))
        elif name == "codec":
            drawn["codec"] = said["names"][strength.integers(len(said["names"]))]
            rate_kbps = float(strength.uniform(*said["rate_kbps"]))
            drawn["rate_kbps"] = rate_kbps if drawn["codec"] == "opus" else None
        else:
            share, burst = strength.uniform(*said["share"]), strength.uniform(*said["burst"])
            drawn["lost"] = draw_lost(strength, packets(n_samples, fs), share, burst)
    return Degradations(**drawn)
