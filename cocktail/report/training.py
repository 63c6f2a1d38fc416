"""What a model was trained on, in plain lines, and what that means for a recording."""

from collections.abc import Iterable
from pathlib import Path

from cocktail.boards.cells import definition
from cocktail.corpora import adapters
from cocktail.plugins.model import Card, read_card
from cocktail.training.history import epochs_run

FAR = (
    "Recordings are far from synthesised sounds, and the order of methods may turn round: on recordings at 3 dB, "
    "networks of the suite quick gained 0.8 to 2 dB and lowered STOI; mmse-lsa, which learns nothing, gained 3.5 dB."
)
INSTEAD = (
    "Better: a model trained on recordings (cocktail run real, then --suite real; docs/corpora.md), or a method that "
    "does not learn."
)
DETECTION = "Error rates by models that learnt from synthesised speech do not hold on recordings (docs/scores.md)."


def model_lines(models: Iterable[tuple[str | Path, int | None]]) -> list[str]:
    """What some models were trained on, a line each, and how far recordings are from it where that was synthesised.

    `models`: folder, and steps of an epoch where the method has them.
    """
    cards = [(read_card(folder), epochs_run(folder), steps) for folder, steps in models]
    lines = [_line(*about) for about in cards]
    if any(_synthesised(card) for card, _, _ in cards):
        lines += [FAR, INSTEAD]
    return lines


def detection_line(metrics: Iterable[str], speech: Iterable[dict]) -> str | None:
    """DETECTION, where error rates of detection or verification are among `metrics`, and some of the speech that was
    trained on was synthesised. `speech`: the parts of a suite's corpora.
    """
    rates = any(definition(name).trials for name in metrics)
    synthesised = any(adapters.has_train_split(part) and adapters.synthesis(part) for part in speech)
    return DETECTION if rates and synthesised else None


def _line(card: Card, epochs: int, steps: int | None) -> str:
    said = card.trained_on
    whose = f"The model of '{card.entry}' is of the suite {card.suite}"
    if not said:
        return f"{whose}; on what it was trained is not known: cocktail run {card.suite} trains it again."
    sounds = [f"{kind} of {_corpora(said[kind])}" for kind in ("speech", "noise") if said[kind]]
    snr = said["snr_db"]
    details = [
        f"in {', '.join(said['conditions'])}" if said["conditions"] else "isolated signals",
        f"SNR {snr[0]:g} to {snr[1]:g} dB" if snr else "",
        f"{epochs} epochs{f' of {steps} steps' if steps else ''}" if epochs else "",
    ]
    return f"{whose}, trained on {' and '.join(sounds)}; {'; '.join(filter(None, details))}."


def _corpora(parts: list[dict]) -> str:
    made = {
        part["corpus"]: f"synthesised by {part['synthesis']}" if part["synthesis"] else "recorded" for part in parts
    }
    return ", ".join(f"{corpus} ({how})" for corpus, how in made.items())


def _synthesised(card: Card) -> bool:
    return any(part["synthesis"] for kind in ("speech", "noise") for part in card.trained_on.get(kind, ()))
