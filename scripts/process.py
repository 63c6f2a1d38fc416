"""Run one entry on one shard of scenes."""

import functools

from cocktail.processing.imported import imported_shard
from cocktail.processing.runner import Setup
from cocktail.processing.shard import process_shard
from cocktail.recognition.recogniser import create
from cocktail.runtime.job import running
from cocktail.runtime.log import base_models, estimates_read


def process():
    """Estimate the scenes by the entry's method."""
    run = dict(snakemake.params.run)
    listening, bases = run.pop("recogniser"), run.pop("bases")
    setup = Setup(
        suite=snakemake.params.suite,
        seed=snakemake.params.seed,
        model=snakemake.input.get("model"),
        bases=base_models(bases, snakemake),
        recogniser=listening and functools.partial(create, listening),
        **run,
    )
    process_shard(
        mixtures=snakemake.input.mixtures,
        references=snakemake.input.get("references"),
        estimates={name: path for name, (path,) in estimates_read(snakemake).items()},
        out=snakemake.output[0],
        setup=setup,
        limit_s=snakemake.params.limit_s,
    )


with running(snakemake, pandas=False):
    imported = snakemake.input.get("imported")
    if imported is None:
        process()
    else:
        imported_shard(mixtures=snakemake.input.mixtures, imported=imported, out=snakemake.output[0])
