"""`cocktail score`: the metrics on any files."""

import json
from pathlib import Path

import click

from cocktail.cli._options import json_option
from cocktail.errors import CocktailError

FS = 16000
"""Rate in Hz at which files are compared, as in the shipped suites."""

BLOCK = 2**20
"""Samples that are read at once."""

sound = click.Path(path_type=Path)


@click.command(short_help="Score an estimate against its reference.")
@click.option("--reference", "references", required=True, multiple=True, type=sound, help="Once for each talker.")
@click.option("--estimate", "estimates", required=True, multiple=True, type=sound, help="One each, in any order.")
@click.option("--mixture", type=sound, help="The mixture: gives SIR and SAR, and gains over it.")
@click.option("--text", "texts", multiple=True, help="Words spoken, for the word error rate; once for each reference.")
@click.option(
    "--recogniser",
    "mode",
    type=click.Choice(["language-model", "grammar"]),
    default="language-model",
    show_default=True,
    help="For --text: with a language model of English, or the grammar of GRID sentences, as in `quick`.",
)
@click.option("--metric", "metrics", multiple=True, help="Only this metric, or with _i its gain (may be repeated).")
@json_option
def command(references, estimates, mixture, texts, mode, metrics, as_json):
    """Score estimates against their references with the metrics of the benchmark; the first channel of each is used.

    Files of any rate are compared at 16 kHz and must have one length. A lower rate is said, for wide-band metrics then
    judge a band that is empty. With several talkers, estimates are matched to references by SI-SDR.

    The files are held whole, 8 bytes a sample, since si_sdr, sdr, sir, sar, stoi, estoi and hit_fa are of the whole
    signal; pesq, csig, cbak and covl score parts of 20 s. Every metric works on it part by part: half an hour of two
    files takes 0.8 GB for si_sdr or sdr, and 1.5 GB for all.

    With folders in place of files, those of one name are scored together, and the means are shown: every folder must
    hold the same names. --json has the scores of each.

    \b
      cocktail score --reference clean.wav --estimate out.wav --mixture noisy.wav
      cocktail score --reference clean.wav --estimate out.wav --text "I will be late"
      cocktail score --reference a.wav --reference b.wav \\
                     --estimate out_1.wav --estimate out_2.wav --json
      cocktail score --reference clean/ --estimate out/ --mixture noisy/
    """
    folders = any(path.is_dir() for path in (*references, *estimates, *([mixture] if mixture else [])))
    if folders and texts:
        raise CocktailError("--text says the words of one file; folders are scored without")
    if folders:
        from cocktail.cli._score_folders import score_folders, show_means

        rows = score_folders(references, estimates, mixture, metrics)
    else:
        rows = score(references, estimates, mixture, texts, metrics, mode)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif folders:
        show_means(rows)
    else:
        show(rows)


def score(references, estimates, mixture=None, texts=(), metrics=(), mode="language-model") -> list[dict]:
    """Rows of a score shard, with the metric's `unit`; `mode` is the recogniser's, for `texts`.

    Raises CocktailError where the files do not belong together.
    """

    from cocktail.boards.cells import metric_of
    from cocktail.metrics.catalogue import METRICS
    from cocktail.recognition.recogniser import create
    from cocktail.scoring.signals import SOURCE_METRICS, score_signals

    if len(references) != len(estimates):
        raise CocktailError(f"{len(references)} references, but {len(estimates)} estimates: as many of each")
    if texts and len(texts) != len(references):
        raise CocktailError(f"{len(texts)} texts, but {len(references)} references: one --text for each, or none")
    for name in metrics:
        _require_computable(name, mixture, texts)
    computable = [name for name in SOURCE_METRICS if texts or not METRICS[name].pooled]
    wanted = {metric_of(name) for name in metrics}
    chosen = [name for name in METRICS if name in (wanted or computable)]
    signals = _read_all([*references, *estimates, *([mixture] if mixture else [])], len(references))
    reference, estimate = signals[: len(references)], signals[len(references) : 2 * len(references)]
    # As in the suites: whatever else the mixture holds counts as noise.
    interference = signals[-1] - reference.sum(0) if mixture else None
    shared = {
        "reference": reference,
        "interference": interference,
        "fs": FS,
        "text": list(texts) or None,
        "metrics": chosen,
        "recogniser": create({"backend": "pocketsphinx", "mode": mode}) if texts else None,
    }
    rows = score_signals(estimate=estimate, **shared)
    if mixture:
        before = score_signals(estimate=[signals[-1]] * len(references), **shared)
        rows += _gains(rows, before)
    asked = {*metrics, *(f"{name}_i" for name in metrics)}
    return [
        row | {"unit": METRICS[metric_of(row["metric"])].unit} for row in rows if not metrics or row["metric"] in asked
    ]


def _require_computable(name, mixture, texts):
    """Raise CocktailError where there is no such metric, or it needs more than what is given."""
    from cocktail.errors import nearest
    from cocktail.metrics.catalogue import METRICS
    from cocktail.scoring.signals import SOURCE_METRICS

    gains = {f"{metric}_i" for metric in SOURCE_METRICS if METRICS[metric].improvement and not METRICS[metric].pooled}
    if name in gains and not mixture:
        raise CocktailError(f"{name} is a gain over the mixture: give --mixture")
    if name in gains:
        return
    if name not in METRICS:
        raise CocktailError(f"unknown metric '{name}'{nearest(name, [*METRICS, *gains])}")
    if name not in SOURCE_METRICS:
        raise CocktailError(f"{name} cannot be computed from files: it needs the trials, models or costs of a run")
    if METRICS[name].pooled and not texts:
        raise CocktailError(f"{name} counts words: give --text, what is said")


def _read_all(paths, n_references):
    """The first channel of each file at FS, (files, N); the first `n_references` of them are references."""
    import numpy as np

    signals = None
    for i, path in enumerate(paths):
        samples = _first_channel(path, full_band=i < n_references)
        if signals is None:
            signals = np.empty((len(paths), len(samples)))
        length = signals.shape[1]
        if len(samples) != length:
            raise CocktailError(
                f"{path}: {len(samples) / FS:.3f} s, but {paths[0]} has {length / FS:.3f} s; cut them to one"
            )
        signals[i] = samples
    return signals


def _first_channel(path, *, full_band):
    """(N,) at FS. Says where the file has a lower rate or, if it should have the `full_band`, an empty part of it."""
    import numpy as np

    from cocktail import audio
    from cocktail.corpora.bandwidth import cutoff
    from cocktail.corpora.coverage import NARROW

    with audio.Reader(path) as file:
        fs, samples, n_read = file.fs, np.empty(file.n_samples), 0
        for block in file.blocks(BLOCK):
            samples[n_read : n_read + block.shape[1]] = block[0]
            n_read += block.shape[1]
    end = cutoff(samples, fs) if full_band else fs / 2
    about = f"has {fs} Hz and is compared at {FS}: it" if fs < FS else ""
    if about or end < NARROW * FS / 2:
        click.echo(
            f"note: {path} {about or 'was filtered or had a lower rate: it'} holds nothing above {min(end, fs / 2):g} "
            "Hz, which wide-band metrics count against it",
            err=True,
        )
    return audio.resample(samples, fs, FS)


def _gains(rows, before):
    """Rows of the improvement over the mixture, as the leaderboards derive them."""
    from cocktail.metrics.catalogue import METRICS

    unprocessed = {(row["source"], row["metric"]): row["value"] for row in before}
    gains = []
    for row in rows:
        base = unprocessed.get((row["source"], row["metric"]))
        metric = METRICS[row["metric"]]
        if metric.improvement and not metric.pooled and row["value"] is not None and base is not None:
            gains.append(row | {"metric": f"{row['metric']}_i", "value": row["value"] - base})
    return gains


def show(rows) -> None:
    """One table: a line for a metric, a column for a talker."""
    from rich.console import Console
    from rich.table import Table

    sources = sorted({row["source"] for row in rows if row["source"] is not None})
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("metric", no_wrap=True)
    for source in sources:
        table.add_column("value" if len(sources) == 1 else f"talker {source + 1}", justify="right")
    table.add_column("unit")
    for name in dict.fromkeys(row["metric"] for row in rows):
        by_source = {row["source"]: row for row in rows if row["metric"] == name}
        unit = next(iter(by_source.values()))["unit"]
        table.add_row(name, *(_figure(by_source.get(source)) for source in sources), unit)
    Console(highlight=False).print(table)


def _figure(row) -> str:
    if row is None:
        return ""
    return row["reason"] or row["status"] if row["value"] is None else f"{row['value']:.3f}"
