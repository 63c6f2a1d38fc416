"""A small speech recogniser trained by connectionist temporal classification on the corpus's own vocabulary.

A. Graves, S. Fernández, F. Gomez and J. Schmidhuber, "Connectionist temporal classification: labelling unsegmented
sequence data with recurrent neural networks", ICML 2006; layers as in Y. Miao, M. Gowayyed and F. Metze, "EESEN:
end-to-end speech recognition using deep RNN models and WFST-based decoding", ASRU 2015.

It learns from transcribed utterances of the train speakers, alone and in train noise and rooms of its own making
(cocktail/nets/ctc_training.py), and finds words of the train transcripts alone, weighted by their bigram
(cocktail/recognition/ctc.py). It scores what others make of speech: the metrics `wer_ctc` and `wer_retrained`.

Deviations: see cocktail/nets/ctc.py for the network; characters in place of phones and a prefix beam search in place of
a decoding graph.
"""

import json
from dataclasses import dataclass
from typing import Literal

from cocktail.method import LearnedMethod, Workload, finite

SHAPE = "network.json"


@dataclass(frozen=True)
class CtcRecogniser(LearnedMethod):
    """Characters from log-mel features, by layers of bidirectional LSTM."""

    task = "recognise"
    paradigm = "annotated-source-model"
    needs = frozenset({"gpu"})
    start: Literal["new", "base"] = "new"
    """`base`: go on from the model of the entry that this one `uses`, with its network and its language."""
    layers: int = 4
    units: int = 320
    """LSTM cells of a layer in each direction."""
    width: float = 1.0
    """Multiplies `units`."""
    language_weight: float = 0.5
    """Weight of the bigram beside the network."""
    epochs: int = 100
    steps: int = 1000
    """Updates in an epoch."""
    batch_size: int = 16
    learning_rate: float = 1e-3
    """That of the first epoch; it falls to a tenth."""

    def fit(self, data, rng, folder):
        """Leaves weights.pt, the network's shape, and the language of the transcripts."""
        from cocktail.nets import ctc_training
        from cocktail.recognition.ctc import Language
        from cocktail.training.loop.batches import pad
        from cocktail.training.loop.loop import Schedule, train
        from cocktail.training.loop.weights import save_weights

        splits = ("train", "valid")
        seed = int(rng.integers(2**31))
        if self.start == "base":
            network, language = data.base.network, data.base.language
        else:
            language = Language.learn(x.text for x in data.speech("train") if x.text is not None)
            network = self._network(len(language.symbols), data.fs, seed)
        speech = {split: ctc_training.utterances(data.speech(split), language) for split in splits}
        noise = {split: [x.samples for x in data.noise(split)] for split in splits}
        examples = ctc_training.Examples(speech, noise, data.fs)
        schedule = Schedule(self.epochs, self.steps, self.batch_size, self.learning_rate, decay=0.1)
        train(
            network, ctc_training.loss, examples, schedule, folder=folder, seed=seed, device=data.device, collate=pad
        )  # fmt: skip
        save_weights(network, folder)
        language.write(folder)
        (folder / SHAPE).write_text(json.dumps(network.shape) + "\n")

    def workload(self):
        """Utterances, all epochs together; multiplications of the recurrent layers."""
        utterances = self.epochs * self.steps * self.batch_size
        return Workload(utterances, self.layers * (self.width * self.units) ** 2, self.epochs)

    def load(self, folder):
        """cocktail.nets.ctc.Recogniser."""
        from cocktail.nets.ctc import Ctc, Recogniser
        from cocktail.recognition.ctc import Language
        from cocktail.training.loop.weights import load_weights

        network = Ctc(**json.loads((folder / SHAPE).read_text()))
        return Recogniser(load_weights(network, folder), Language.read(folder))

    def size(self, model):
        """Weights of the network."""
        return model.size

    def _network(self, symbols, fs, seed):
        """Untrained, its weights drawn by `seed`."""
        from cocktail.nets.ctc import Ctc
        from cocktail.nets.saved import seeded

        units = max(round(self.width * self.units), 2)
        return seeded(Ctc, seed, symbols=symbols, layers=self.layers, units=units, fs=fs)

    def __call__(self, mixture, view):
        """mixture (D, N) -> text of microphone 1."""
        from cocktail.audio import resample

        samples = resample(finite(mixture[:1])[0], view.fs, view.model.fs)
        return view.model.transcribe(samples, view.device, self.language_weight)
