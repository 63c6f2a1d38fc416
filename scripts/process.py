"""Run one entry on one shard of scenes."""

from cocktail.job import base_model, leave_pandas_out
from cocktail.process import process_shard
from cocktail.running import running

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
