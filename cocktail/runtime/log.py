"""What every job of the workflow does around its work: a log file, and no import that costs more than the work."""

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from cocktail.errors import CocktailError
from cocktail.runtime.accounting import accounted

_terminal: tuple[int, str] | None = None
"""In a job: the file descriptor of what was standard error, and the job's name."""


NEWS, PROGRESS = "cocktail: ", "cocktail> "
"""Prefixes of a job's lines on the terminal: those that stay, and those that the next such line replaces."""


def say(message: str, *, progress: bool = False) -> None:
    """A line of news or of progress: in a job, on the terminal and in the log; elsewhere on standard error.

    Child processes of a job may call it too.
    """
    print(message, file=sys.stderr, flush=True)
    if _terminal:
        descriptor, name = _terminal
        with contextlib.suppress(OSError):  # the reader is gone, which must not stop the work
            os.write(descriptor, f"{PROGRESS if progress else NEWS}{name}: {message}\n".encode())


@contextlib.contextmanager
def logged(path: str | Path, *, pandas: bool = True) -> Iterator[None]:
    """Send standard output and error of the block, child processes and C libraries included, to the file `path`.

    A CocktailError also shows on the real standard error, every line after `cocktail: `, and ends the process with
    status 1. So does any other error, in one line; the file has its traceback. `pandas`: False keeps pyarrow from
    importing it in this process.
    """
    global _terminal
    if not pandas:
        _leave_pandas_out()
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        file = Path(path).open("w", buffering=1)  # noqa: SIM115 - opened apart, so that only its own errors are caught
    except OSError as error:
        raise SystemExit(f"cocktail: {path}: could not be written: {error.strerror}") from None
    with file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        _terminal = saved[1], Path(path).stem
        try:
            with accounted():
                yield
        except CocktailError as error:
            message = "".join(f"{NEWS}{line}\n" for line in str(error).splitlines())
            os.write(saved[1], message.encode())
            print(message, end="", file=sys.stderr)
            raise SystemExit(1) from None
        except Exception as error:
            traceback.print_exc()
            said = " ".join(f"{type(error).__name__}: {error}".split())
            os.write(saved[1], f"{NEWS}{Path(path).stem}: {said} (traceback: {path})\n".encode())
            raise SystemExit(1) from None
        finally:
            _terminal = None
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(saved[0], 1)
            os.dup2(saved[1], 2)
            os.close(saved[0])
            os.close(saved[1])


def ended_with_error(path: str | Path) -> bool:
    """Whether the job that left the log `path` ended with a CocktailError of its own."""
    with contextlib.suppress(OSError):
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
        return bool(lines) and lines[-1].startswith(NEWS)
    return False


def base_models(specs: dict[str, dict], snakemake) -> dict[str, dict]:
    """Role -> {"spec", "model"} of the entries that a job's entry uses, the models from its inputs, in their order."""
    models = snakemake.input.get("bases", [])
    return {role: {"spec": spec, "model": model} for (role, spec), model in zip(specs.items(), models, strict=True)}


def estimates_read(snakemake) -> dict[str, list[str]]:
    """Entry that a job's entry reads -> files of its estimates, which are among the inputs entry by entry."""
    names, files = snakemake.params.reads, list(snakemake.input.get("estimates", []))
    each = len(files) // max(len(names), 1)
    return {name: files[i * each : (i + 1) * each] for i, name in enumerate(names)}


def start_model(snakemake) -> dict | None:
    """{"spec", "model"} of the entry that a job's entry starts from, the model from its inputs; None without one."""
    spec = snakemake.params.start
    return spec and {"spec": spec, "model": snakemake.input.start}


def scorer_models(snakemake) -> dict[str, dict]:
    """Role -> {"spec", "model", "suite"} of the entries that score others, the models from a job's inputs, in order."""
    specs, models = snakemake.params.scorers, snakemake.input.get("scorers", [])
    given = {"suite": snakemake.params.suite}
    return {
        role: given | {"spec": spec, "model": model} for (role, spec), model in zip(specs.items(), models, strict=True)
    }


def _leave_pandas_out() -> None:
    """Keep pyarrow in this process from importing pandas, for jobs that take a second and of which a run has hundreds.

    pyarrow imports pandas when it makes its first array, and has no option against it; that would cost 0.3 s and 50 MB
    a job. Scripts ask for this, not the library: pyarrow remembers the answer, and cannot make data frames any more.
    """
    import pyarrow

    class Finder:
        # A finder rather than None in sys.modules, which pyarrow, compiled by Cython, takes for the module.
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "pandas":
                raise ModuleNotFoundError("left out")

    sys.meta_path.insert(0, Finder)
    try:
        pyarrow.array([0])
    finally:
        sys.meta_path.remove(Finder)
