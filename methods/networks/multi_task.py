"""Multi-task learning: one recurrent network estimates the mask of the speech, and reads what is said.

Z. Chen, S. Watanabe, H. Erdogan and J. R. Hershey, "Speech enhancement and recognition using multi-task learning of
long short-term memory recurrent neural networks", Interspeech 2015: both outputs share the recurrent layers, and both
losses are made small together.

Deviations: bidirectional layers of the size of blstm-psa, and its loss, PSA. Characters by connectionist temporal
classification stand in for states of phones, one frame every 32 ms; the weight of that loss is the project's own. The
second output serves the training alone. Whole scenes, of one talker.
"""

from dataclasses import dataclass

from cocktail.nets.one_talker import OneTalkerNetwork


@dataclass(frozen=True)
class MultiTask(OneTalkerNetwork):
    """One talker, one channel (microphone 1)."""

    paradigm = "annotated-separation"
    weight: float = 0.02
    """Of the loss of a symbol beside PSA."""
    units: int = 384
    """A layer's cells, of both directions together."""
    layers: int = 2
    segment_s: float = 0.0
    """Scenes are not cut."""
    epochs: int = 200

    def network(self, fs, symbols=28):
        from cocktail.nets.listening import MultiTaskNetwork

        return MultiTaskNetwork(symbols=symbols, units=self.scaled(self.units), layers=self.layers, fs=fs)

    def facts(self, data, examples):
        return {"symbols": len(examples.language.symbols)}

    def examples(self, data, stage):
        from cocktail.nets.listening import TranscribedScenes
        from cocktail.recognition.ctc import Language

        language = Language.learn(x.text for x in data.speech("train") if x.text is not None)
        return TranscribedScenes(data.mixer.augmented(self.augment).draw, language)

    def collate(self, examples):
        from cocktail.training.loop.batches import pad

        return pad(examples)

    def objective(self, network, batch):
        from cocktail.nets.listening import multi_task_loss

        return multi_task_loss(network, batch, self.weight)

    def separate(self, network, mixture, view):
        return network.enhance(mixture[None], network.fs, view.device)
