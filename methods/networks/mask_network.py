"""A network estimates the mask of the speech: DNN, LSTM or bidirectional LSTM, trained for one of many losses.

F. Weninger, J. R. Hershey, J. Le Roux and B. Schuller, "Discriminatively trained recurrent neural networks for
single-channel speech separation", GlobalSIP 2014; H. Erdogan, J. R. Hershey, S. Watanabe and J. Le Roux, "Phase-
sensitive and recognition-boosted speech separation using deep recurrent neural networks", ICASSP 2015. Training begins
with the mask of the mel filters (MA), then goes on with the mask of all bins and the loss of the entry. Widths are the
papers': 3 x 1024 rectifiers, 2 x 256 LSTM, 2 x 384 BLSTM cells, the latter in both directions together.

Entries have MA, MSA or PSA for a loss, or that of another paper, which is named in cocktail/nets beside its equation:
least squares in time (Wang & Wang 2015); a binary mask as a class of each bin (Wang & Wang 2013), applied as such; the
compressed complex mask (Williamson & Wang 2016); PMSQE (Martin-Donas et al. 2018) and STOI (Fu et al. 2018), the first
added to LSD and the second to PSA, for both are blind to level. `centred` takes each feature's mean over the mixture
off it, as cepstral mean normalisation does (B. S. Atal, JASA 55(6), 1974). `lsa_share` fuses the mask with the gain of
MMSE-LSA, which knows no corpus: where networks fail on noise that they have not heard, the two complement each other
(Y.-H. Tu, I. Tashev, S. Zarar and C.-H. Lee, "A hybrid approach to combining conventional and deep learning techniques
for single-channel speech enhancement and recognition", ICASSP 2018).

Deviations: every mixture is brought to one level, so that a mask depends on no gain; LSTM entries take the level of the
mixture so far, which keeps them causal. Adam on mixtures drawn afresh instead of gradient descent with momentum on a
fixed set. The DNN has rectifiers. The target of PSA is kept between 0 and |y|, which is what a sigmoid mask can reach.
All losses share these features and networks, so that entries differ in the loss alone: binary masks come from one
network, not from a support vector machine for each band. Complex masks do not begin with those of the mel filters.
Tu et al. give their network the spectrum that the gain has been applied to; here the network is left as it is, and what
is applied is the geometric mean of its mask and the gain, the mean of both in dB.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail.nets.one_talker import OneTalkerNetwork


@dataclass(frozen=True)
class MaskNetwork(OneTalkerNetwork):
    """One network for all conditions that it was trained on, one channel (microphone 1)."""

    least, most = {"lsa_share": 0}, {"lsa_share": 1}
    call_only = ("lsa_share", "smoothing", "over_subtraction", "floor", "binary")
    cell: Literal["dnn", "lstm", "blstm"] = "blstm"
    loss: Literal["mel", "ma", "msa", "psa", "lsd", "ls", "ibm", "cirm", "pmsqe", "stoi"] = "psa"
    """`mel`: that of the mel filters alone, for other entries to start from."""
    units: int = 384
    """A layer's cells or rectifiers; of both directions together."""
    layers: int = 2
    context: int = 7
    """Frames on either side that a DNN sees."""
    level: Literal["whole", "running"] = "whole"
    """Of the mixture, which its features are relative to: of the whole of it, or of what has been heard so far."""
    centred: bool = False
    """Whether each feature's mean over the mixture, or over what has been heard of it, is taken off."""
    epochs_mel: int = 50
    """Most epochs with the mask of the mel filters; 0 where the entry starts from weights that had them."""
    epochs: int = 200
    """Most epochs with the loss of the entry."""
    target_snr_db: float | None = None
    """Of training targets, which noise of another scene is in, and in the mixture, over a whole segment; None: they are
    clean."""
    weights: Literal["float32", "int8"] = "float32"
    """In which the trained network is kept."""
    lsa_share: float = 0.0
    """Weight of MMSE-LSA's gain in its geometric mean with the mask, which takes the mask's place."""
    smoothing: float = 0.0
    """Forgetting factor of the mask over frames."""
    over_subtraction: float = 1.0
    """How often what the mask takes away is taken away."""
    floor: float = 0.0
    """The least that a mask is."""
    binary: bool = False
    """Whether a mask is 0 or 1, whichever is nearer."""

    @property
    def causal(self):
        """Whether neither the network nor the level of its features looks ahead."""
        ahead = self.cell == "blstm" or (self.cell == "dnn" and self.context > 0)
        return not ahead and self.level == "running"

    def network(self, fs):
        from cocktail.nets import masks

        return masks.build(
            fs=fs, cell=self.cell, units=self.scaled(self.units), layers=self.layers, context=self.context,
            running=self.level == "running", centred=self.centred, complex=self.loss == "cirm",
        )  # fmt: skip

    def stages(self):
        mel = [] if self.loss == "cirm" else [self.stage("mel", epochs=self.epochs_mel, decay=1.0)]
        return mel if self.loss == "mel" else [*mel, self.stage(self.loss)]

    def examples(self, data, stage):
        from cocktail.nets.mask_training import Cut

        draw = data.mixer.augmented(self.augment).draw
        return Cut(draw, round(stage.segment_s * data.fs), self.target_snr_db)

    def prepare(self, network, stage):
        if stage.name == "mel":
            network.begin_mel()
        elif network.mel:
            network.refine()

    def finish(self, network, examples):
        if network.mel:
            network.refine()
        self._kept(network)

    def load(self, folder):
        from cocktail.nets import saved

        return saved.load(lambda **facts: self._kept(self.network(**facts)), folder)

    def _kept(self, network):
        from cocktail.nets.int8 import quantise

        return quantise(network) if self.weights == "int8" else network

    def objective(self, network, batch):
        from cocktail.nets.mask_training import loss

        return loss(self.loss, network, batch)

    def together(self, signals, views):
        lengths = [len(signal) for signal in signals]
        padded = np.stack([np.pad(signal.astype(np.float32), (0, max(lengths) - len(signal))) for signal in signals])
        model, fs, device = views[0].model, views[0].fs, views[0].device
        estimates = model.enhance(padded, fs, device, lengths, self._after(signals, fs)).double().cpu().numpy()
        return [estimate[None, :n] for estimate, n in zip(estimates, lengths, strict=True)]

    def _after(self, signals, fs):
        """What turns the network's masks (B, F, T) of signals (N,) each into those that are applied."""
        from cocktail.nets.mask_postprocessing import fused, lsa_gains, postprocess

        how = {name: getattr(self, name) for name in self.call_only if name != "lsa_share"}
        if not self.lsa_share:
            return lambda mask: postprocess(mask, **how)
        gains = lsa_gains(signals, fs)
        return lambda mask: postprocess(fused(mask, gains.to(mask.device), self.lsa_share), **how)
