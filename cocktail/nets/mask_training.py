"""What a mask network is trained on and for: first the mask of the mel filters, then the loss of the entry.

F. Weninger, J. R. Hershey, J. Le Roux and B. Schuller, "Discriminatively trained recurrent neural networks for
single-channel speech separation", GlobalSIP 2014, section III. The mixtures that losses see have unit level, so that a
loud one counts no more than a soft one.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from cocktail import stft
from cocktail.levels import power, wrapped
from cocktail.nets import losses
from cocktail.nets.masks import MaskNetwork, inside, overall_level
from cocktail.nets.pmsqe import pmsqe
from cocktail.nets.segments import Segments
from cocktail.nets.stoi import stoi

SPECTRAL = {"ma": losses.ma, "msa": losses.msa, "psa": losses.psa, "lsd": losses.lsd, "ibm": losses.ibm}


@dataclass(frozen=True)
class Cut(Segments):
    """Segments of mixtures with one talker; a shorter one is followed by silence."""

    target_snr_db: float | None = None
    """Of the target to noise of another scene, which is in the mixture as well, by their mean powers over the segment,
    pauses included; None for targets without noise."""

    def __call__(self, generator: np.random.Generator, split: str) -> dict[str, np.ndarray]:
        """{mixture (n_samples,), target (n_samples,), frames ()}: the first `frames` frames count.

        The mixture of D microphones is (D, n_samples).
        """
        segment = super().__call__(generator, split)
        mixture, target = segment["mixture"], segment["sources"][0]
        if self.target_snr_db is not None:
            noise = self._noise(target, generator, split)
            mixture, target = mixture + noise, target + noise
        missing = self.n_samples - len(target)
        return {
            "mixture": np.pad(mixture, [(0, 0)] * (mixture.ndim - 1) + [(0, missing)]),
            "target": np.pad(target, (0, missing)),
            "frames": np.array(stft.n_frames(len(target))),
        }

    def _noise(self, target, generator, split):
        """(N,) of another scene, begun at random and repeated where it is shorter, at the level that `target` asks."""
        noise = self.draw(generator, split).noise
        noise = wrapped(noise, -int(generator.integers(len(noise))), len(target))
        gain = power(target) / max(power(noise), np.finfo(float).tiny) * 10 ** (-self.target_snr_db / 10)
        return (np.sqrt(gain) * noise).astype(target.dtype)


def set_statistics(network: MaskNetwork, cut: Cut, n: int, rng: np.random.Generator) -> None:
    """Normalise the network's features by `n` training mixtures."""
    examples = (cut(rng, "train") for _ in range(n))
    network.features.set_statistics(
        stft.stft(torch.from_numpy(x["mixture"]).float()[None]).abs()[..., : int(x["frames"])] for x in examples
    )


def loss(name: str, network: MaskNetwork, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The loss of that name, but MA where the mask is still one of the mel filters."""
    return mel_loss(network, batch) if network.mel else spectral_loss(name, network, batch)


def mel_loss(network: MaskNetwork, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """MA in the resolution of the mel filters."""
    mixture, target, _, lengths = spectra(batch)
    wanted = network.mel_mask(mixture=mixture, target=target)
    return losses.weighted_mean((network(mixture.abs(), lengths) - wanted) ** 2, weights(mixture, lengths))


def spectral_loss(name: str, network: MaskNetwork, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """A loss of all bins: one of cocktail.nets.losses, `pmsqe`, or `stoi`.

    PMSQE and STOI depend on no level, so that the first is added to LSD, as its authors add it to a squared error of
    logarithms, and one minus the second to PSA.
    """
    mixture, target, level, lengths = spectra(batch)
    weight = weights(mixture, lengths)
    given = {"mixture": mixture, "target": target, "weight": weight}
    if name == "cirm":
        return losses.cirm(compressed=network.compressed(mixture.abs(), lengths), **given)
    mask = network(mixture.abs(), lengths)
    if name in SPECTRAL:
        return SPECTRAL[name](mask=mask, **given)
    if name == "pmsqe":
        heard = pmsqe(reference=target.abs(), estimate=mask * mixture.abs(), fs=network.fs, weight=weight)
        return losses.lsd(mask=mask, **given) + heard
    reference = batch["target"] / level[:, 0]
    inverse = functools.partial(stft.istft, n_samples=reference.shape[-1])
    if name == "ls":
        samples = None if lengths is None else inside(stft.HOP * lengths - stft.SIZE + stft.HOP, reference)
        return losses.ls(mask=mask, mixture=mixture, target=reference, inverse=inverse, weight=samples)
    intelligible = stoi(reference=reference, estimate=inverse(mask * mixture), fs=network.fs)
    return losses.psa(mask=mask, **given) + 1 - intelligible.mean()


def spectra(batch: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Mixtures and targets (B, N) -> their spectra (B, F, T), relative to the mixtures' levels (B, 1, 1).

    Fourth, the frames (B,) of each that count, None where all do: packing sequences of one length is slow.
    """
    mixture, target, frames = stft.stft(batch["mixture"]), stft.stft(batch["target"]), batch["frames"]
    lengths = None if bool((frames >= mixture.shape[-1]).all()) else frames
    level = overall_level(mixture.abs(), lengths)
    return mixture / level, target / level, level, lengths


def weights(spectrum: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor | None:
    """(B, 1, T) 1 in the frames of (B, F, T) that count; None where all do."""
    return None if lengths is None else inside(lengths, spectrum.abs())[:, None]
