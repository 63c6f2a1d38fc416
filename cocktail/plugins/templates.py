"""Methods to start from, and their rows in a methods.yaml: what `cocktail new` writes."""

from dataclasses import dataclass
from textwrap import indent

import yaml

from cocktail.errors import CocktailError


@dataclass(frozen=True)
class Template:
    """A plugin to start from."""

    code: str
    """With {title} and {cls} to fill in."""
    family: str
    """The folder of methods/ that it belongs to."""
    sizes: str = ""
    """Its classes of size, as YAML."""


GATE = Template(
    family="spectral",
    code='''"""{title}: bins that stand out of the noise are kept, the others are attenuated.

A. Author, "Title of the paper", journal, year 2000; "Eq. (n)" below refers to it.
Deviations: none.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.noise.trackers import noise_psd
from cocktail.method import Method, finite
from cocktail.stft import framing, istft, stft


@dataclass(frozen=True)
class {cls}(Method):
    causal = True
    threshold_db: float = 8.0  # of a bin over the noise
    floor_db: float = -15.0  # gain of a bin below that

    def __call__(self, mixture, view):
        """mixture (D channels, N samples) -> estimate (1, N)."""
        samples = finite(mixture[:1])
        size, hop = framing(view.fs)  # 32 ms every 8 ms, at any rate
        Y = stft(samples, size, hop)  # (1, F bins, T frames)
        power = np.abs(Y) ** 2
        noise = noise_psd(power, tracker="mmse-spp", fs=view.fs, size=size, hop=hop, n_samples=samples.shape[-1])
        gain = np.where(power > 10 ** (self.threshold_db / 10) * noise, 1.0, 10 ** (self.floor_db / 20))
        return istft(gain * Y, samples.shape[-1], size, hop)
''',
)

NETWORK = Template(
    family="networks",
    code='''"""{title}: convolutions estimate the mask of the speech on the mixture's magnitudes.

A. Author, "Title of the paper", journal, year 2000.
Deviations: none.
"""

from dataclasses import dataclass

from cocktail.nets.separation import SeparationNetwork
from cocktail.stft import SIZE, istft, stft


@dataclass(frozen=True)
class {cls}(SeparationNetwork):
    """One talker, one channel (microphone 1)."""

    channels: int = 512

    def network(self, fs):
        from torch import nn

        bins, channels = SIZE // 2 + 1, self.scaled(self.channels)
        first, last = nn.Conv1d(bins, channels, 9, padding=4), nn.Conv1d(channels, bins, 9, padding=4)
        return nn.Sequential(first, nn.ReLU(), last, nn.Sigmoid())

    def objective(self, network, batch):
        Y, S = stft(batch["mixture"]), stft(batch["sources"][:, 0])  # (B, F bins, T frames)
        error = self._mask(network, Y) * Y.abs() - S.abs()
        return error.square().mean() / Y.abs().square().mean()

    def separate(self, network, mixture, view):
        Y = stft(mixture[None])
        return istft(self._mask(network, Y) * Y, mixture.shape[-1])

    def _mask(self, network, Y):
        level = Y.abs().square().mean((1, 2), keepdim=True).sqrt().clamp_min(1e-12)
        return network((Y.abs() / level + 1e-3).log())
''',
    sizes="""\
tiny: {width: 0.02, segment_s: 0.5, epochs: 1, steps: 2, batch_size: 2} # seconds
small: {width: 0.25, segment_s: 1.6, epochs: 8, steps: 60, batch_size: 8} # a minute on a core
medium: {segment_s: 2.4, epochs: 20, steps: 200} # hours on a few
""",
)


def with_row(text: str, name: str, plugin: str, sizes: str = "") -> str:
    """The text of a methods.yaml with a row for the entry `name`, and with sizes for its plugin.

    The rest stays as it is, comments included. Raises CocktailError where the file is written in another way.
    """
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith("sizes:")), len(lines))
    rows = start
    while rows and not lines[rows - 1].strip():
        rows -= 1
    block = [f"  {plugin}:", *indent(sizes, "    ").splitlines()] if sizes else []
    if block and start == len(lines):
        lines[rows:] = ["", "sizes: # class of size -> values of the fields; what it does not say is as the defaults"]
        start = rows + 1
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith((" ", "#"))):
        end += 1
    while lines[end - 1 : end] and not lines[end - 1].strip():
        end -= 1
    lines[end:end] = block
    lines.insert(rows, f"{name}: {{}}")
    new = "\n".join(lines) + "\n"
    if _rows(new) != _wanted(text, name, plugin, sizes):
        raise CocktailError(f"add the row yourself: {name}: {{}}" + (f"; and below `sizes:` {plugin}: {_rows(sizes)}"))
    return new


def _wanted(text, name, plugin, sizes):
    rows = (_rows(text) or {}) | {name: {}}
    return rows | {"sizes": (rows.get("sizes") or {}) | {plugin: _rows(sizes)}} if sizes else rows


def _rows(text):
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None
