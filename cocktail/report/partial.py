"""What is still to come of a suite that is not finished, in words, for the terminal and the page."""

from collections.abc import Iterable

from cocktail.boards.pending import Pending

DEVELOPMENT = "Development scenes, to tune on: speakers and noise recordings of the split valid, none of the test."
"""What the boards of such scenes say of themselves."""


def summary(pending: Iterable[Pending]) -> str:
    """One sentence for all boards."""
    pending = list(pending)
    cells, conditions = len(pending), len({each.condition for each in pending})
    if not cells:
        return "Partial boards: every cell is scored; the run has yet to make its boards."
    return f"Partial boards: {cells} cells in {conditions} conditions are still to come, in whole or in part."


def notes(pending: Iterable[Pending], condition: str) -> list[str]:
    """What a board lacks: entries without any figure, and those that have figures of some shards."""
    here = [each for each in pending if each.condition == condition]
    waiting = ", ".join(each.entry for each in here if not each.finished)
    begun = ", ".join(f"{each.entry} ({each.finished} of {each.shards} shards)" for each in here if each.finished)
    return [text for text in (waiting and f"Still to come: {waiting}.", begun and f"In part: {begun}.") if text]
