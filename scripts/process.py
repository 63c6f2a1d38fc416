"""Run one entry on one shard of scenes."""

from cocktail.processing.shard import process_shard
from cocktail.runtime.job import running
from cocktail.runtime.log import base_model, leave_pandas_out

with running(snakemake):
    leave_pandas_out()
    run = snakemake.params.run
    process_shard(
        mixtures=snakemake.input.mixtures,
        references=snakemake.input.get("references"),
        model=snakemake.input.get("model"),
        out=snakemake.output[0],
        seed=snakemake.params.seed,
        suite=snakemake.params.suite,
        limit_s=snakemake.params.limit_s,
        **run | {"base": base_model(run["base"], snakemake)},
    )
