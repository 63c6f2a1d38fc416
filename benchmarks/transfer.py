"""What models trained on a suite's corpora gain on recordings, and whether the order of its board carries over.

    COCKTAIL_DATA=... python benchmarks/transfer.py [SUITE] [--folder FOLDER] [--entries ENTRY ...]

SUITE is a name or a file, by default `quick`: its corpora, conditions, sizes and parameters are what the entries are
trained with, so that a variant is a suite of a few lines. COCKTAIL_DATA names the folder of recordings of
config/real.yaml. None of them is trained on: 42 mixtures of read speech (librispeech_other) and seven noises, three at
0 dB and three at 6 dB of each. The board is the suite's own: its test scenes of `stationary` and `nonstationary`.

Printed are the gains over the unprocessed mixture in SI-SDR and STOI, with 95 % intervals of the bootstrap over scenes,
and Kendall's tau between the entries' SI-SDR gains on the board and on the recordings. FOLDER keeps corpora, rooms and
models, and what it has already is used as it is: delete what the code has changed.
"""

import argparse
import os
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from rich.console import Console

from cocktail import tables
from cocktail.boards import ranks, statistics
from cocktail.corpora import adapters
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError
from cocktail.metrics.intelligibility import stoi
from cocktail.metrics.si_sdr import si_sdr
from cocktail.processing.runner import Runner, Setup
from cocktail.report.terminal import new_table
from cocktail.rng import rng
from cocktail.scenes.room_bank import make_bank
from cocktail.scenes.shard import make_shard
from cocktail.scenes.truth import Truth
from cocktail.training.job import train_entry
from cocktail.workflow.plan import Plan
from cocktail.workflow.suite import load_suite

ENTRIES = ("unprocessed", "mmse-lsa", "omlsa", "nmf-sparse", "nmf-semi", "blstm-psa")
NOISES = {
    "esc10": ("rain", "sea_waves", "helicopter", "chainsaw", "fire_crackling"),
    "ambience": ("coffee",),
    "appliances": ("doing_the_dishes",),
}
"""Table of recordings -> the kinds taken from it: those that sound throughout."""
SNRS_DB, OF_EACH, ON_BOARD = (0.0, 6.0), 3, 20
BOARD = ("stationary", "nonstationary")
METRICS = {"SI-SDR": si_sdr, "STOI": stoi}


def recorded(data: Path) -> dict[str, list[dict]]:
    """`speech` and `noise`, parts of a suite's corpora: the recordings, all of them of the test split."""
    speech = {"adapter": "folder", "table": f"{data}/speech/librispeech_other/metadata.csv", "max_s": 7}
    noise = [
        {"adapter": "folder", "table": f"{data}/noise/{name}/metadata.csv", "where": {"label": list(kinds)}}
        for name, kinds in NOISES.items()
    ]
    return {kind: [part | {"root": str(data), "split": "test"} for part in parts]
            for kind, parts in {"speech": [speech], "noise": noise}.items()}  # fmt: skip


def made(path: Path, make) -> Path:
    """The file or folder `path`, made by `make(path)` where it is not there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path)
    return path


def corpora(parts: dict[str, list[dict]], folder: Path, config: dict) -> dict[str, Path]:
    """The tables `speech` and `noise` of those parts."""
    common = {"seed": config["seed"], "fs": config["fs"]}
    speech = made(folder / "speech.parquet", lambda path: adapters.build(parts["speech"], "speech", path, **common))
    library = Library(speech)
    noise = made(
        folder / "noise.parquet", lambda path: adapters.build(parts["noise"], "noise", path, speech=library, **common)
    )
    return {"speech": speech, "noise": noise}


def trained(plan: Plan, entry: str, tables_: dict[str, Path]) -> Path:
    """The model of an entry, trained as the suite's job would."""
    rooms = {}
    for name, microphones in plan.banks(entry):
        how = {"condition": name, "definition": plan.rooms_definition(name), "rooms": plan.config["rooms"]}
        how |= {"seed": plan.config["seed"], "fs": plan.config["fs"], "microphones": microphones}
        rooms[name] = made(Path(plan.rooms(name, microphones)), lambda path, how=how: make_bank(**how, out=path))

    def train(path):
        train_entry(
            **tables_, out=path, spec=plan.train_spec(entry), suite=plan.suite, seed=plan.config["seed"],
            fs=plan.config["fs"], limit_s=plan.config["train_limit_s"], conditions=plan.train_conditions(entry),
            rooms=rooms,
        )  # fmt: skip

    return made(Path(plan.model(entry)), train)


def trained_all(plan: Plan, entries: tuple[str, ...], tables_: dict[str, Path]) -> dict[str, Path]:
    """Entry -> its model, or that of the entry that its row names; those without a model are left out."""
    owners = {entry: plan.known[entry].model or entry for entry in entries}
    return {entry: trained(plan, owner, tables_) for entry, owner in owners.items() if owner in plan.trained}


def scenes(name: str, definition: dict, count: int, tables_: dict[str, Path], config: dict) -> list[tuple[dict, Truth]]:
    """Test scenes of a condition: rows of MIXTURES with their truth."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {kind: Path(folder) / kind for kind in ("mixtures", "references")}
        make_shard(
            condition=name, definition=definition, split="test", indices=range(count), seed=config["seed"],
            fs=config["fs"], **tables_, **paths,
        )  # fmt: skip
        rows, truths = (tables.read_rows(path) for path in paths.values())
    return [(row, Truth(truth)) for row, truth in zip(rows, truths, strict=True)]


def gains(plan: Plan, entry: str, model: Path | None, on: list[tuple[dict, Truth]]) -> np.ndarray:
    """(S scenes, metrics): how much higher the estimates score than the mixtures."""
    setup = Setup(plan.spec(entry), plan.suite, plan.config["seed"], model=model, device="cpu")
    runner = Runner([row for row, _ in on], {}, {}, setup)
    rows = []
    for index, (row, truth) in enumerate(on):
        (answer,) = runner.run([index])
        if answer["status"] != "ok":
            raise CocktailError(f"{entry}, {row['scene']}: {answer['reason']}")
        estimate, mixture = tables.unpack_all(answer["estimate"])[0], tables.unpack(row["mixture"])[0]
        rows.append([_score(metric, truth.target[0], x, row["fs"]) for metric in METRICS for x in (estimate, mixture)])
    scores = np.array(rows).reshape(len(on), len(METRICS), 2)
    return scores[..., 0] - scores[..., 1]


def _score(metric, reference, estimate, fs):
    how = {} if metric == "SI-SDR" else {"fs": fs}
    return METRICS[metric](reference=reference, estimate=estimate, **how)


def show(board: dict[str, np.ndarray], recordings: dict[str, np.ndarray], resamples: int, console: Console) -> None:
    """Print the table, and tau. Entry -> gains (S, metrics), on the suite's scenes and on recordings."""
    columns = {"recordings": recordings, "board": board}
    weights = {
        side: statistics.resample(len(next(iter(of.values()))), resamples, rng(0, side, role="transfer"))
        for side, of in columns.items()
    }
    samples = {
        side: np.stack([weights[side] @ x / len(x) for x in of.values()], 1) for side, of in columns.items()
    }  # (R, E, metrics)
    table = new_table("Gains over the mixture")
    for name in ("entry", *(f"{metric}\n{side}" for side in columns for metric in METRICS)):
        table.add_column(name, justify="left" if name == "entry" else "right", no_wrap=True)
    for e, entry in enumerate(recordings):
        cells = []
        for side, of in columns.items():
            low, high = statistics.interval(samples[side][:, e], len(of[entry]))
            cells += [
                f"{mean:+.{digits}f} [{a:+.{digits}f}, {b:+.{digits}f}]"
                for mean, a, b, digits in zip(of[entry].mean(0), low, high, (2, 3), strict=True)
            ]
        table.add_row(entry, *cells)
    console.print(table)
    means = {side: np.array([x[:, 0].mean() for x in of.values()]) for side, of in columns.items()}
    found = ranks.agreement(
        a=means["board"], b=means["recordings"], samples_a=samples["board"][..., 0],
        samples_b=samples["recordings"][..., 0], drawn=min(w.shape[1] for w in weights.values()),
    )  # fmt: skip
    if np.isnan(found.tau):
        console.print(f"Kendall's tau: no tau of fewer than {ranks.MIN_ENTRIES} entries, or of equal ones")
        return
    console.print(
        f"Kendall's tau between the board and the recordings, {found.n_entries} entries, SI-SDR: {found.tau:+.2f} "
        f"[{found.ci_low:+.2f}, {found.ci_high:+.2f}]"
    )


def measure(suite: str, folder: Path, data: Path, entries: tuple[str, ...], console: Console) -> None:
    """Train what is not there yet, run the entries and print what they gain."""
    config = load_suite(suite, {"methods": list(entries), "without": [], "results": str(folder)})
    plan = Plan(config, suite)
    own = corpora(config["corpora"], plan.folder / "corpora", config)
    models = trained_all(plan, entries, own)
    foreign = corpora(recorded(data), folder / "recorded", config)
    definition = config["conditions"][BOARD[0]]
    on_recordings = [
        scene
        for kind in (kind for kinds in NOISES.values() for kind in kinds)
        for snr in SNRS_DB
        for scene in scenes(
            f"{kind} at {snr:g} dB", definition | {"noise": {"field": "point", "kinds": [kind], "snr_db": [snr, snr]}},
            OF_EACH, foreign, config,
        )
    ]  # fmt: skip
    on_board = [scene for name in BOARD for scene in scenes(name, config["conditions"][name], ON_BOARD, own, config)]
    found = [
        {entry: gains(plan, entry, models.get(entry), on) for entry in entries} for on in (on_board, on_recordings)
    ]
    show(*found, config["resamples"], console)


def main() -> int:
    """Status 2 where COCKTAIL_DATA names no folder of recordings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", nargs="?", default="quick", help="name or file [quick]")
    parser.add_argument("--folder", type=Path, help="keeps what is made; by default nothing is kept")
    parser.add_argument("--entries", nargs="+", default=ENTRIES)
    given = parser.parse_args()
    data = os.environ.get("COCKTAIL_DATA", "")
    if not data or not Path(data, "speech").is_dir():
        said = f"COCKTAIL_DATA is {data!r}" if data else "COCKTAIL_DATA is not set"
        print(
            f"{said}: it must name the folder of recordings, see config/real.yaml and docs/corpora.md", file=sys.stderr
        )
        return 2
    warnings.filterwarnings("ignore", category=UserWarning)
    with tempfile.TemporaryDirectory() as temporary:
        measure(given.suite, given.folder or Path(temporary), Path(data), tuple(given.entries), Console(width=140))
    return 0


if __name__ == "__main__":
    sys.exit(main())
