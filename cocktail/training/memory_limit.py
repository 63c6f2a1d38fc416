"""Going on when the device's memory does not hold a batch: it is worked through in parts."""

from collections.abc import Callable

import torch

from cocktail.errors import CocktailError
from cocktail.job import say
from cocktail.training.batches import Batch


class Parts:
    """Works batches through in as many parts as the memory asks for; once halved, they stay halved."""

    def __init__(self, stage: str, device: str):
        self.stage, self.device, self.count = stage, device, 1

    def total(self, function: Callable[[Batch, float], float], batch: Batch, begin: Callable[[], None]) -> float:
        """Sum of `function(part, share of the batch)` over the parts of a batch, whose tensors lead with B.

        A part is on the device while it is worked on, the batch need not be.
        Whatever parts did before memory ran out is undone by `begin`, which is called before the first of them. Raises
        CocktailError where one example alone is too much.
        """
        size = len(next(iter(batch.values())))
        while True:
            begin()
            try:
                return sum(function(part, n / size) for part, n in self._split(batch, size))
            except torch.OutOfMemoryError as error:
                if self.count >= size:
                    message = f"{self.stage}: the device's memory does not hold a single example: {error}"
                    raise CocktailError(message) from error
            self.count *= 2  # outside of the handler, whose traceback holds on to the tensors
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            say(f"{self.stage}: out of memory; batches of {size} are halved to {-(-size // self.count)} examples")

    def _split(self, batch, size):
        step = -(-size // self.count)
        for first in range(0, size, step):
            n = min(step, size - first)
            yield {name: x[first : first + n].to(self.device, non_blocking=True) for name, x in batch.items()}, n
