"""Joint training: a mask network goes on learning from the loss of the recogniser that listens to it.

Z.-Q. Wang and D. Wang, "A joint training framework for robust automatic speech recognition", IEEE/ACM TASLP 24(4),
2016; T. Gao, J. Du, L.-R. Dai and C.-H. Lee, "Joint training of front-end and back-end deep neural networks for robust
speech recognition", ICASSP 2015. The mask network (`uses`, in the role `enhancer`) was trained for its own loss first;
then the gradient of the recogniser's loss goes through features, inverse STFT and mask.

Deviations: the recogniser (`uses`, the model of `ctc`) does not change, as it is the signal that counts here, and the
boards' recognisers stay as they are; where `ctc` scores, the entry was trained to please its judge. A share of the
enhancement loss stays, so that what comes out is speech. Whole scenes, of one talker.
"""

from dataclasses import dataclass

from cocktail.nets.separation import SeparationNetwork


@dataclass(frozen=True)
class JointAsr(SeparationNetwork):
    """One talker, one channel (microphone 1)."""

    paradigm = "annotated-separation"
    roles = {"recogniser": "recognise", "enhancer": "enhance"}  # noqa: RUF012
    weight: float = 1.0
    """Of the enhancement loss, PSA, beside the recogniser's, which is that of a symbol."""
    units: int = 384
    """A layer's cells, of both directions together; as the enhancer's."""
    layers: int = 2
    segment_s: float = 0.0
    """Scenes are not cut."""
    epochs: int = 50
    learning_rate: float = 1e-4

    def network(self, fs):
        from cocktail.nets.listening import JointNetwork

        return JointNetwork(units=self.scaled(self.units), layers=self.layers, fs=fs)

    def examples(self, data, stage):
        from cocktail.nets.listening import TranscribedScenes

        return TranscribedScenes(data.mixer.augmented(self.augment).draw, data.bases["recogniser"].language)

    def collate(self, examples):
        from cocktail.training.loop.batches import pad

        return pad(examples)

    def initialise(self, network, data, examples, rng):
        from cocktail.nets import saved

        enhancer, whose = data.bases["enhancer"], "the enhancer that it uses"
        saved.take(network, enhancer.state_dict(), whose)
        network.features.require_same(enhancer.features, whose)
        network.listen(data.bases["recogniser"])

    def _start(self, network, data):
        super()._start(network, data)
        network.listen(data.bases["recogniser"])

    def finish(self, network, examples):
        network.listen(None)

    def objective(self, network, batch):
        from cocktail.nets.listening import joint_loss

        return joint_loss(network, batch, self.weight)

    def separate(self, network, mixture, view):
        return network.enhance(mixture[None], network.fs, view.device)
