"""The base class of plugins that train a network: training in stages, files, and calls.

A plugin gives the network, the objective of its training, and what a call makes of the network's output; the rest has
a default that it may override. cocktail/nets/separation.py adds what methods for mixtures have in common. Torch is
imported where it is used: plugins are imported whenever methods are listed.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cocktail.audio import resample
from cocktail.dsp.blocks import SIGNALS
from cocktail.errors import CocktailError
from cocktail.method import LearnedMethod, Workload, finite

FS = 16000
"""Rate in Hz at which the size of an untrained network is counted."""


@dataclass(frozen=True)
class Stage:
    """One of the stages that a training goes through."""

    name: str
    epochs: int
    """Most epochs; a stage of none is left out."""
    learning_rate: float
    """Of the first epoch."""
    decay: float
    """Learning rate of the last epoch over that of the first."""
    segment_s: float = 0.0
    """Length of an example; 0 where examples have their own."""


@dataclass(frozen=True)
class NetworkMethod(LearnedMethod):
    """A method that is a network, trained by the project's loop."""

    needs = frozenset({"gpu"})
    least = {  # noqa: RUF012 - declared in Method
        "width": 1e-3, "units": 1, "layers": 1, "channels": 1, "dropout": 0, "bands": 1, "outputs": 1, "dimensions": 1,
        "filters": 1, "bottleneck": 1, "hidden": 1, "taps": 1, "blocks": 1, "repeats": 1, "context": 0, "weight": 0,
        "trials": 2, "shift_ms": 1, "window_ms": 0.2, "epochs": 0, "steps": 1, "batch_size": 1, "learning_rate": 0,
        "decay": 0, "segment_s": 0,
    }  # fmt: skip
    most = {"dropout": 0.99, "shift_ms": 32}  # noqa: RUF012
    validation: ClassVar[int] = 64
    """Validation examples."""
    width: float = 1.0
    """Factor on the units of every layer."""
    epochs: int = 100
    """Most epochs."""
    steps: int = 500
    """Updates in an epoch."""
    batch_size: int = 32
    learning_rate: float = 1e-3
    decay: float = 0.1
    """Learning rate of the last epoch over that of the first."""
    cosine: ClassVar[bool] = False
    """Whether it falls along half a cosine rather than geometrically."""

    # What every plugin gives

    def network(self, fs: int, **facts):
        """The untrained network (torch.nn.Module) for signals at `fs` Hz.

        `facts` of the training data have a default, with which the network is of about the same size.
        """
        raise NotImplementedError

    def objective(self, network, batch: dict):
        """What training makes small: the mean over a batch, a scalar tensor."""
        raise NotImplementedError

    def output(self, network, samples: np.ndarray, view) -> Any:
        """What a call returns, from microphone 1, `samples` (N,) at the rate of the network; no gradients are kept."""
        raise NotImplementedError

    def examples(self, data, stage: Stage) -> Callable[[np.random.Generator, str], dict[str, np.ndarray]]:
        """(generator, `train` or `valid`) -> one training example: arrays by name."""
        raise NotImplementedError

    # What a plugin may override

    def stages(self) -> list[Stage]:
        """The stages of the training, in order; they share the network."""
        return [self.stage("train")]

    def collate(self, examples: list[dict]) -> dict:
        """A batch of examples: tensors by name, (B, ...)."""
        from cocktail.training.loop.batches import stack

        return stack(examples)

    def facts(self, data, examples) -> dict:
        """What `network` must know of the training data besides their rate: JSON-like, kept beside the weights."""
        return {}

    def initialise(self, network, data, examples, rng: np.random.Generator) -> None:
        """Prepare a new network by the training data; one that starts from another's weights is prepared already."""

    def updates(self, network):
        """What a step changes by which loss: the objective, or a list of cocktail.training.loop.loop.Update."""
        return self.objective

    def prepare(self, network, stage: Stage) -> None:
        """Change the network before a stage: freeze parts of it, exchange a layer."""

    def finish(self, network, examples) -> None:
        """Change the trained network, which is on the CPU, before it is saved."""

    # What they share

    def stage(self, name: str, **changes) -> Stage:
        """A stage that is as the method's fields say, but for `changes`."""
        own = {key: getattr(self, key) for key in Stage.__match_args__ if hasattr(self, key)}
        return Stage(name, **own | changes)

    def scaled(self, units: int) -> int:
        """Units of a layer at this `width`, at least 2."""
        return max(round(self.width * units), 2)

    def fit(self, data, rng, folder):
        """Train in stages; leaves network.json, weights.pt, history.csv and the checkpoints."""
        from cocktail.nets import saved
        from cocktail.training.loop.loop import Schedule, train

        seed = int(rng.integers(2**31))
        stages = self.stages()
        drawn = {stages[0].segment_s: (examples := self.examples(data, stages[0]))}
        facts = {"fs": data.fs} | self.facts(data, examples)
        network = saved.seeded(self.network, seed, **facts)
        if data.start is None:
            self.initialise(network, data, examples, rng)
        else:
            self._start(network, data)
        for stage in filter(lambda stage: stage.epochs, stages):
            if stage.segment_s not in drawn:
                drawn[stage.segment_s] = self.examples(data, stage)
            examples = drawn[stage.segment_s]
            saved.seeded(self.prepare, seed, network=network, stage=stage)
            schedule = Schedule(
                stage.epochs, self.steps, self.batch_size, stage.learning_rate, stage.decay, self.cosine,
                valid=self.validation,
            )  # fmt: skip
            train(
                network, self.updates(network), examples, schedule, folder=folder, seed=seed, device=data.device,
                stage=stage.name, collate=self.collate,
            )  # fmt: skip
        self.finish(network.cpu().eval(), examples)
        saved.save(network, folder, **facts)

    def _start(self, network, data):
        """From the weights of another entry."""
        from cocktail.nets import saved

        fs = saved.read_facts(data.start)["fs"]
        if fs != data.fs:
            raise CocktailError(f"start: the model at {data.start} was trained on {fs} Hz, this suite has {data.fs}")
        saved.adopt(network, data.start)

    def workload(self):
        """Seconds of sound in all epochs, or examples where these have lengths of their own; weights of the network."""
        stages = self.stages()
        amount = sum(stage.epochs * (stage.segment_s or 1.0) for stage in stages) * self.steps * self.batch_size
        return Workload(amount, _n_weights(self), sum(stage.epochs for stage in stages))

    def load(self, folder):
        """The network in evaluation mode; its attribute `fs` is the rate that it works at."""
        from cocktail.nets import saved

        return saved.load(self.network, folder)

    def size(self, model):
        """Weights of the network."""
        from cocktail.nets.saved import n_parameters

        return n_parameters(model)

    def __call__(self, mixture, view):
        """mixture (D, N) -> what `output` makes of microphone 1."""
        return self.batch([mixture], [view])[0]

    def batch(self, mixtures, views):
        """Scenes of similar length together, on the device of the job."""
        import torch

        signals = [self.samples(mixture, view) for mixture, view in zip(mixtures, views, strict=True)]
        order = sorted(range(len(signals)), key=lambda i: len(signals[i]))
        results = [None] * len(signals)
        size = SIGNALS[views[0].device] if views else 1
        with torch.no_grad():
            for first in range(0, len(order), size):
                group = order[first : first + size]
                outputs = self.together([signals[i] for i in group], [views[i] for i in group])
                for i, result in zip(group, outputs, strict=True):
                    results[i] = result
        return results

    def together(self, signals: list[np.ndarray], views: list) -> list:
        """`output` of every signal (N,); override it to compute several at once."""
        return [
            self.output(view.model.to(view.device), signal, view) for signal, view in zip(signals, views, strict=True)
        ]

    def samples(self, mixture: np.ndarray, view) -> np.ndarray:
        """(D, N) -> microphone 1 at the rate of the network, (N,)."""
        return resample(finite(mixture[:1])[0], view.fs, view.model.fs)


@functools.cache
def _n_weights(method: NetworkMethod) -> int:
    """Weights of an untrained network, without drawing them."""
    import torch

    from cocktail.nets.saved import n_parameters

    with torch.device("meta"):
        return n_parameters(method.network(FS))
