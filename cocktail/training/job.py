"""Training one entry: what its paradigm allows it to see goes in, a model folder comes out.

The folder appears whole or not at all. A training that fails leaves the reason in it: the entry's cells then fail with
that reason, and the other entries go on. One that is interrupted leaves its checkpoints in a folder beside, from which
the next one goes on if it is the same training.
"""

import contextlib
import errno
import fcntl
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cocktail.corpora.library import Library
from cocktail.errors import CocktailError
from cocktail.method import TrainingData
from cocktail.plugins.entry import from_spec
from cocktail.plugins.model import Card, check_model, load_bases
from cocktail.rng import rng
from cocktail.runtime.accounting import work, works_on
from cocktail.runtime.device import choose_device, device_name
from cocktail.runtime.worker import CallFailed, Interrupted, Worker
from cocktail.training.data.corpus import CorpusTrainingData
from cocktail.training.data.estimates import EstimatedScenes

IDENTITY = ".training"
CHECKPOINTS = "*.checkpoint.pt"


def train_entry(
    *,
    speech: str | Path,
    noise: str | Path,
    seed: int,
    conditions: dict[str, dict] | None = None,
    rooms: dict[str, str | Path] | None = None,
    spoofs: Sequence[str | Path] = (),
    recogniser: Callable[[], Any] | None = None,
    estimated: EstimatedScenes | None = None,
    **options,
) -> None:
    """Fit an entry on the train split of the tables `speech` and `noise`; see `fit_entry` for `options`.

    `conditions`: definitions of those to train on; `rooms`: their banks of responses; `spoofs`: the tables of spoofed
    speech; `estimated`: train scenes with the estimates of the entries read. `recogniser` makes the recogniser of a
    method that asks for one.
    """

    def data(method, **granted):
        if estimated:
            estimated.check()
        return CorpusTrainingData(
            Library(speech),
            Library(noise),
            paradigm=method.paradigm,
            array="array" in method.needs,
            enrolment="enrolment" in method.needs,
            seed=seed,
            conditions=conditions,
            rooms=rooms,
            spoofs=Library(*spoofs) if spoofs else None,
            recogniser=recogniser() if recogniser and "recogniser" in method.needs else None,
            estimated=estimated,
            **granted,
        )

    fit_entry(data, seed=seed, **options)


def fit_entry(
    data: Callable[..., TrainingData],
    *,
    out: str | Path,
    spec: dict,
    suite: str,
    seed: int,
    fs: int,
    limit_s: float,
    bases: dict[str, dict] | None = None,
    start: dict | None = None,
    device: str | None = None,
    identity: str = "",
    trained_on: dict[str, Any] | None = None,
) -> None:
    """Fit the entry of `spec` on what `data(method, fs=, device=, bases=, start=)` grants; leave its folder at `out`.

    `bases`: role -> {"spec", "model"} of the entries that this one uses; `start`: the same of that whose weights it
    starts from. `device`: as in a suite, None for the CPU. `identity`:
    digest of all that the training depends on; checkpoints of another one are not used. `trained_on`: of the model's
    card. Raises CocktailError where the folder cannot be written.
    """
    out = Path(out)

    def fit(folder):
        method = from_spec(spec).make()
        granted = data(
            method,
            fs=fs,
            device=choose_device(device) if device else "cpu",
            bases=load_bases(bases or {}, suite=suite, fs=fs),
            start=start and _checked(start, suite, fs),
        )
        works_on(device_name(granted.device))
        return lambda: _fit(method, granted, rng(seed, spec["name"], role="fit"), folder)

    try:
        with _unfinished(out, identity) as folder:
            failure = _failure(lambda: fit(folder), out, limit_s)
            finished = folder.with_suffix(".finished")
            shutil.rmtree(finished, ignore_errors=True)
            shutil.copytree(folder, finished, ignore=shutil.ignore_patterns(IDENTITY, CHECKPOINTS))
            reason = failure and f"training failed: {failure}"
            Card(spec["name"], suite, fs, spec["parameters"], reason, trained_on or {}).write(finished)
            shutil.rmtree(out, ignore_errors=True)
            finished.replace(out)
            if not isinstance(failure, Interrupted):  # after which a second try goes on from its checkpoints
                shutil.rmtree(folder)
    except OSError as error:
        raise CocktailError(f"{out}: could not be written: {error.strerror or error}") from error


def _checked(start, suite, fs) -> Path:
    """The folder of the model that a training starts from. Raises CocktailError that names the entry."""
    try:
        check_model(start["spec"], start["model"], suite=suite, fs=fs)
    except CocktailError as error:
        raise CocktailError(f"it starts from '{start['spec']['name']}': {error}") from error
    return Path(start["model"])


def _failure(fit, out, limit_s) -> CallFailed | None:
    """Run a fit in a process of its own; why it failed, or None."""
    with Worker(fit) as worker:
        try:
            disk_fault = worker(limit_s=limit_s)
        except CallFailed as error:
            print(f"training failed: {error}", file=sys.stderr)
            return error
    if disk_fault:
        raise CocktailError(f"{out}: could not be written: {disk_fault}")
    return None


@contextlib.contextmanager
def _unfinished(out: Path, identity: str) -> Iterator[Path]:
    """The folder that a training works in, with what an interrupted one of the same identity left there."""
    folder = out.parent / f".{out.name}.training"
    folder.mkdir(parents=True, exist_ok=True)
    with (out.parent / f".{out.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CocktailError(f"{out}: another process trains this entry; wait for it or stop it") from None
        mark = folder / IDENTITY
        if not identity or not mark.exists() or mark.read_text() != identity:
            shutil.rmtree(folder)
            folder.mkdir()
            mark.write_text(identity)
        yield folder
        Path(lock.name).unlink(missing_ok=True)


def _fit(method, data, generator, folder) -> str | None:
    """Fit; a full disk is no fault of the method and is returned, so that the job fails and a later run repeats it."""
    try:
        with work():
            method.fit(data, generator, folder)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return error.strerror
        raise
    return None
