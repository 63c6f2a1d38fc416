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


def draw_degradations(
    spec: dict, generator: Callable[[str], np.random.Generator], n_samples: int, fs: int
) -> Degradations:
    """What is done to a mixture of `n_samples`, of a condition's `degradations`. `generator`: role -> generator."""
    known, which = [name for name in NAMES if name in spec], generator("degradations")
    number = which.integers(spec["at_once"][0], spec["at_once"][1] + 1)
    chosen = {known[i] for i in which.permutation(len(known))[:number]}
    drawn: dict = {}
    for name in known:
        if name in chosen:
            drawn |= _DRAWN[name](spec[name], generator(f"degradation {name}"), packets(n_samples, fs))
    return Degradations(**drawn)


def _uniform(name, key):
    """Draws the field `name` between the two values that a condition has under `key`."""
    return lambda said, generator, n_packets: {name: float(generator.uniform(*said[key]))}


def _band(said, generator, n_packets):
    return {"band_hz": tuple(float(generator.uniform(*said[end])) for end in ("low_hz", "high_hz"))}


def _codec(said, generator, n_packets):
    codec = said["names"][generator.integers(len(said["names"]))]
    rate_kbps = float(generator.uniform(*said["rate_kbps"]))
    return {"codec": codec, "rate_kbps": rate_kbps if codec == "opus" else None}


def _loss(said, generator, n_packets):
    share, burst = (generator.uniform(*said[key]) for key in ("share", "burst"))
    return {"lost": draw_lost(generator, n_packets, share, burst)}


_DRAWN = {
    "wind": _uniform("wind_db", "snr_db"),
    "clipping": _uniform("clipped", "share"),
    "gain": _uniform("gain_db", "range_db"),
    "band": _band,
    "codec": _codec,
    "loss": _loss,
}
NAMES = tuple(_DRAWN)
"""As conditions name them."""
