"""Run one entry on one shard of scenes."""

import functools

from cocktail.processing.shard import process_shard
from cocktail.recognition.recogniser import create
from cocktail.runtime.job import running
from cocktail.runtime.log import base_model, leave_pandas_out

with running(snakemake):
    leave_pandas_out()
    run = dict(snakemake.params.run)
    listening = run.pop("recogniser")
    process_shard(
        mixtures=snakemake.input.mixtures,
        references=snakemake.input.get("references"),
        model=snakemake.input.get("model"),
        out=snakemake.output[0],
        seed=snakemake.params.seed,
        suite=snakemake.params.suite,
        limit_s=snakemake.params.limit_s,
        recogniser=listening and functools.partial(create, listening),
        **run | {"base": base_model(run["base"], snakemake)},
    )
