"""`cocktail process`: run a method on any recording."""

from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import click

from cocktail.cli._options import Number, methods_option, say_notes, writing_audio
from cocktail.errors import CocktailError, printable

DEFAULT = "quick"
"""The suite whose rate a method runs at that learns nothing."""
BLOCK_S = 10.0
"""Of a recording, that is read at once."""


@click.command(short_help="Run a method on a recording of your own.")
@click.argument("method")
@click.argument("source", metavar="IN", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--suite", help="Whose rate and trained models to use [quick; a method that learns needs it].")
@click.option(
    "--talkers", type=click.IntRange(1, 100), help="Talkers to separate [1; 2 for a method that only separates]."
)
@click.option(
    "--array", "array_csv", type=click.Path(dir_okay=False), help="CSV of microphones: x,y,z in metres, a row each."
)
@click.option(
    "--piece", "piece_s", type=Number(0), default=120.0, show_default=True, help="Longest piece at once, in seconds."
)
@methods_option
def command(method, source, target, suite, talkers, array_csv, piece_s, folders):
    """Run METHOD on the recording IN (any length, channels and rate) and write OUT.

    IN is WAV, RF64, W64, FLAC, AIFF, CAF, AU, SPHERE, MP3 or Ogg, whatever its name ends in, and OUT is WAV or FLAC.
    OUT has the rate and the length of IN, and one channel: the talker as heard at microphone 1. Several talkers go to
    OUT with _1, _2 ... before the suffix. A .flac is 24-bit, a .wav 32-bit float. A method that learns needs its model,
    which `cocktail run SUITE` has trained: --suite says which, and what it was trained on is said before it runs.

    \b
      cocktail process omlsa noisy.wav clean.wav
      cocktail process dpcl two.wav talker.wav --talkers 2 --suite standard
      cocktail process ilrma meeting.flac talker.flac --talkers 2 --array microphones.csv
    """
    written = process(method, source, target, suite, talkers, array_csv, piece_s, folders)
    for path in written:
        click.echo(path)


def process(name, source, target, suite=None, talkers=None, array_csv=None, piece_s=120.0, folders=()) -> list[Path]:
    """Estimate, write, and return the files written. Raises CocktailError where method and recording do not fit."""
    from cocktail import audio
    from cocktail.plugins.registry import find_entry
    from cocktail.processing.recording import OVERLAP_S, process_blocks
    from cocktail.tasks import TASKS
    from cocktail.workflow.plan import plan_of

    plan = plan_of(suite or DEFAULT, folders)
    say_notes(plan)
    entry = find_entry(plan.known, name)
    with _said_of(name):
        method = entry.make()
    learnt = plan.models_read(name)
    if learnt and suite is None and method.answer().signals:
        raise CocktailError(_which_suite(plan, name, learnt, folders))
    if piece_s < 2 * OVERLAP_S:
        raise CocktailError(f"--piece: at least {2 * OVERLAP_S:g} s")
    talkers = talkers or min(TASKS[task].talkers for task in method.tasks())
    with audio.Reader(source) as recording, ExitStack() as stack:
        if not recording.n_samples:
            raise CocktailError(f"{source}: is empty")
        written = [target if talkers == 1 else target.with_stem(f"{target.stem}_{k + 1}") for k in range(talkers)]
        _require_outputs(written, [source, *([array_csv] if array_csv else [])])
        about = {"recording": source.name, "channels": recording.channels, "talkers": talkers, "array": array_csv}
        estimate = _estimator(plan, name, **about)
        _say_training(plan, learnt, recording)
        blocks = _finite(recording, source)
        made = process_blocks(blocks, recording.fs, estimate, fs=plan.config["fs"], piece_s=piece_s)
        form = {"fs": recording.fs, "n_samples": recording.n_samples}
        files = [stack.enter_context(writing_audio(path, **form)) for path in written]
        for block in made:
            for file, samples in zip(files, block, strict=True):
                file.write(samples)
    return written


def _which_suite(plan, name, learnt, folders) -> str:
    """That a method needs the model of a suite, which there are here, and how to train one."""
    from cocktail.workflow.suite import suites

    trained = [each if each in suites() else f"{each} (by its file)" for each in plan.suites_trained(learnt)]
    run = f"--methods {','.join([name, *(f'{Path(folder).absolute()}' for folder in folders)])}"
    return (
        f"'{name}' learns: say with --suite whose model to use. Trained here: {', '.join(trained) or 'none yet'}. "
        f"To train one on recordings: cocktail run real {run} (docs/corpora.md); "
        f"on synthesised sounds, for a first look: cocktail run quick {run}"
    )


def _say_training(plan, learnt, recording):
    """Print on standard error what the models were trained on, and how far a recording may be from that."""
    from cocktail.corpora.coverage import NARROW
    from cocktail.report.training import model_lines

    lines = model_lines((plan.model(each), getattr(plan.known[each].make(), "steps", None)) for each in learnt)
    fs = plan.config["fs"]
    if learnt and recording.fs < NARROW * fs:
        lines.append(
            f"{recording.path} has {recording.fs} Hz, and the model was trained at {fs}: it is given nothing above "
            f"{recording.fs / 2:g} Hz."
            + (" Better: a model of a suite with `fs: 8000`." if recording.fs <= 8000 < fs else "")
        )
    for line in lines:
        click.secho(line, fg="yellow", err=True)


def _require_outputs(targets, sources):
    """Raise CocktailError where an output is no WAV or FLAC file, or would take the place of an input."""
    from cocktail import audio

    for target in targets:
        audio.require_suffix(target)
        if target.exists() and any(target.samefile(source) for source in sources if Path(source).exists()):
            raise CocktailError(f"{target}: is an input, which would be lost; choose another name for the output")


def _finite(recording, source):
    """The recording in blocks (D, n). Raises CocktailError where a sample is not finite."""
    import numpy as np

    for block in recording.blocks(round(BLOCK_S * recording.fs)):
        if not np.isfinite(block).all():
            raise CocktailError(f"{source}: holds samples that are not finite")
        yield block


def _estimator(plan, name, *, recording, channels, talkers, array):
    """Function (piece (D, N), its number) -> estimate (K, N) of an entry, which others that it reads precede."""
    from cocktail.method import Estimates, View
    from cocktail.processing.runner import Setup, shared_grants
    from cocktail.recognition.recogniser import create
    from cocktail.rng import rng

    config, entry = plan.config, plan.known[name]
    fs, seed = config["fs"], config["seed"]
    with _said_of(name):
        method = entry.make()
    _require_fit(name, method, channels, talkers, fs)
    about = {"recording": recording, "channels": channels, "talkers": talkers, "array": array}
    members = {member: _estimator(plan, member, **about) for member in entry.reads}
    with _said_of(name):
        setup = Setup(
            spec=entry.spec(),
            suite=plan.suite,
            seed=seed,
            model=plan.model(name) if method.learned() else None,
            bases=plan.bases(name),
            device=config["device"],
            recogniser=partial(create, config["recogniser"]),
        )
        offered = shared_grants(method, setup, fs) | {"n_sources": talkers}
    if "array" in method.needs:
        offered["array"] = _read_array(array, channels, name)

    def estimate(piece, number):
        estimates = Estimates({member: made(piece, number) for member, made in members.items()})
        generator = rng(seed, recording, number, name, role="method")
        view = View.of(method, offered | {"estimates": estimates}, fs=fs, rng=generator)
        with _said_of(name):
            return method.answer().check(method(piece.copy(), view), talkers, piece.shape[-1])

    return estimate


@contextmanager
def _said_of(name):
    """Turns what a method raises into one message that names it."""
    try:
        yield
    except CocktailError as error:
        raise CocktailError(f"'{name}': {error}") from error
    except Exception as error:  # a plugin may raise anything
        raise CocktailError(printable(f"'{name}' failed: {type(error).__name__}: {error}")) from error


def _require_fit(name, method, channels, talkers, fs):
    from cocktail.method import Info
    from cocktail.needs import guidance
    from cocktail.paradigms import REFERENCES
    from cocktail.tasks import signal_task

    if method.sees(REFERENCES):
        raise CocktailError(f"'{name}' is an oracle: it needs the truth, which a recording does not have")
    task = signal_task(talkers)
    if not method.answer().signals:
        raise CocktailError(f"'{name}' is for the task {'/'.join(method.tasks())}: it returns no signal to write")
    if task not in method.tasks():
        remedy = "--talkers 2 or more" if talkers == 1 else "--talkers 1"
        raise CocktailError(f"'{name}' is for the task {'/'.join(method.tasks())}, not '{task}': say {remedy}")
    if asked := [need for need in sorted(method.needs) if guidance([need]) != guidance([])]:
        raise CocktailError(f"'{name}' needs {' and '.join(asked)}, which a recording does not have")
    if "array" in method.needs and channels < 2:
        raise CocktailError(f"'{name}' needs several microphones; the recording has one channel")
    # A method of dereverberation skips conditions scored against the image: offer it the other kind as well.
    with _said_of(name):
        reasons = [method.skip(Info("recording", task, channels, talkers, fs, kind)) for kind in ("image", "early")]
    if None not in reasons:
        raise CocktailError(f"'{name}' does not apply to a recording of {channels} channel(s): {reasons[0]}")


def _read_array(path, channels, name):
    """(D, 3) microphone positions relative to their centre."""
    import numpy as np

    from cocktail.corpora.csv_file import read_csv
    from cocktail.rooms.arrays import require_apart

    if path is None:
        raise CocktailError(f"'{name}' needs the positions of the microphones: --array FILE.csv, one row x,y,z each")
    rows = read_csv(path)
    if rows and [value.lower() for value in rows[0][1]] == ["x", "y", "z"]:
        del rows[0]
    for line, row in rows:
        try:
            good = len(row) == 3 and np.isfinite([float(value) for value in row]).all()
        except ValueError:
            good = False
        if not good:
            raise CocktailError(f"{path}:{line}: expected three numbers x,y,z in metres, got {', '.join(row)}")
    if len(rows) != channels:
        raise CocktailError(f"{path}: {len(rows)} rows, expected {channels} rows of x,y,z")
    array = np.array([[float(value) for value in row] for _, row in rows])
    require_apart(array, str(path))
    return array - array.mean(axis=0)
