"""Draw and render one shard of scenes."""

from cocktail.runtime.log import leave_pandas_out, logged
from cocktail.scenes.shard import make_shard

with logged(snakemake.log[0]):
    leave_pandas_out()
    make_shard(
        condition=snakemake.wildcards.condition,
        definition=snakemake.params.definition,
        split=snakemake.wildcards.split,
        indices=snakemake.params.indices,
        seed=snakemake.params.seed,
        fs=snakemake.params.fs,
        speech=snakemake.input.speech,
        noise=snakemake.input.noise,
        spoofs=snakemake.input.get("spoofs"),
        mixtures=snakemake.output.mixtures,
        references=snakemake.output.references,
    )
