"""Speech-state aware enhancement: the mask network knows what a recogniser hears, and the two take turns.

H. Erdogan, J. R. Hershey, S. Watanabe and J. Le Roux, "Phase-sensitive and recognition-boosted speech separation using
deep recurrent neural networks", ICASSP 2015. The recogniser (`uses`, the model of `ctc`) hears what another mask
network (`uses`, in the role `enhancer`) made of the mixture; the mean clean feature vector of the state of its one-best
path is appended to the features of every frame, and a BLSTM network trained for PSA estimates the mask anew. That is
recognised again, `rounds` times in all.

Deviations: see cocktail/nets/speech_states.py for the states. Training goes on from the weights of the enhancer, which
the states at first do not change, so that it has learnt longer than the enhancer. Its mixtures are drawn and recognised
once, after the enhancer alone, and segments of them are drawn afresh.
"""

from dataclasses import dataclass
from typing import ClassVar

from cocktail.nets.separation import SeparationNetwork


@dataclass(frozen=True)
class SpeechStateAware(SeparationNetwork):
    """One talker, one channel (microphone 1)."""

    paradigm = "annotated-separation"
    roles = {"recogniser": "recognise", "enhancer": "enhance"}  # noqa: RUF012
    call_only: ClassVar[tuple[str, ...]] = ("rounds",)
    rounds: int = 2
    """How often the mask is estimated with what was heard in the estimate before."""
    units: int = 384
    """A layer's cells, of both directions together; as the enhancer's."""
    layers: int = 2
    scenes: int = 4000
    """Training mixtures that are recognised; an eighth as many validate."""
    utterances: int = 1000
    """Of the train speech, from which the mean vectors are learnt."""
    segment_s: float = 4.0
    epochs: int = 100

    def network(self, fs, states=("?",)):
        from cocktail.nets.state_aware import StateAwareNetwork

        return StateAwareNetwork(states=states, units=self.scaled(self.units), layers=self.layers, fs=fs)

    def facts(self, data, examples):
        return {"states": list(examples.states.names)}

    def examples(self, data, stage):
        from cocktail.nets.speech_states import SpeechStates
        from cocktail.nets.state_aware import HeardScenes

        recogniser, base = data.bases["recogniser"], data.bases["enhancer"]
        states = SpeechStates.learn(data.speech("train"), recogniser, data.fs, self.utterances)
        scenes = {"train": self.scenes, "valid": max(self.scenes // 8, 1)}
        draw = data.mixer.augmented(self.augment).draw
        return HeardScenes(draw, states, base, recogniser, scenes, round(stage.segment_s * data.fs))

    def collate(self, examples):
        from cocktail.training.loop.batches import stack

        return stack(examples)

    def initialise(self, network, data, examples, rng):
        network.begin(data.bases["enhancer"], examples.states)

    def objective(self, network, batch):
        from cocktail.nets.state_aware import loss

        return loss(network, batch)

    def separate(self, network, mixture, view):
        recogniser, base = (view.bases[role].to(view.device) for role in ("recogniser", "enhancer"))
        return network.enhance(mixture, base, recogniser, self.rounds)[None]
