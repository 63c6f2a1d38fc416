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

from dataclasses import dataclass

from cocktail.method import Recording
from cocktail.nets.network_method import NetworkMethod


@dataclass(frozen=True)
class CtcRecogniser(NetworkMethod):
    """Characters from log-mel features, by layers of bidirectional LSTM."""

    task = "recognise"
    paradigm = "annotated-source-model"
    least = {"language_weight": 0}  # noqa: RUF012
    layers: int = 4
    units: int = 320
    """LSTM cells of a layer in each direction."""
    language_weight: float = 0.5
    """Weight of the bigram beside the network."""
    steps: int = 1000
    batch_size: int = 16

    def facts(self, data, examples):
        return {"language": examples.language.bigrams}

    def network(self, fs, language=None):
        from cocktail.nets.ctc import Ctc
        from cocktail.recognition.ctc import LETTERS, Language

        return Ctc(language=Language(language or LETTERS), layers=self.layers, units=self.scaled(self.units), fs=fs)

    def examples(self, data, stage):
        from cocktail.nets import ctc_training

        language, splits = self._language(data), ("train", "valid")
        if data.reads:  # the noise is in what others made of the scenes
            speech = {split: _estimates(data, split) for split in splits}
            noise = {split: [] for split in splits}
        else:
            speech = {split: data.speech(split) for split in splits}
            noise = {split: [x.samples for x in data.noise(split)] for split in splits}
        speech = {split: ctc_training.utterances(recordings, language) for split, recordings in speech.items()}
        return ctc_training.Examples(speech, noise, language, data.fs)

    def collate(self, examples):
        from cocktail.training.loop.batches import pad

        return pad(examples)

    def objective(self, network, batch):
        from cocktail.nets.ctc_training import loss

        return loss(network, batch)

    def output(self, network, samples, view):
        return network.transcribe(samples, network.fs, self.language_weight)

    def _language(self, data):
        """That of the model that the training starts from, or of the transcripts."""
        from cocktail.recognition.ctc import Language

        if data.start is not None:
            from cocktail.nets.saved import read_facts

            return Language(read_facts(data.start)["language"])
        return Language.learn(x.text for x in data.speech("train") if x.text is not None)


def _estimates(data, split):
    """Recordings of what the entries read made of train scenes with one talker."""
    for scene in data.estimates(split):
        for estimate in scene.estimates.values():
            yield Recording(estimate[0], "speech", scene.speakers[0], scene.texts[0])
