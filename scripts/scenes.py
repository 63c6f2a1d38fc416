"""Draw and render one shard of scenes."""

from cocktail.runtime.log import logged
from cocktail.scenes.shard import make_shard

with logged(snakemake.log[0], pandas=False):
    make_shard(
        condition=snakemake.wildcards.condition,
        definition=snakemake.params.definition,
        split=snakemake.wildcards.split,
        indices=snakemake.params.indices,
        seed=snakemake.params.seed,
        fs=snakemake.params.fs,
        speech=snakemake.input.speech,
        noise=snakemake.input.noise,
        spoofs=snakemake.input.get("spoofs", []),
        mixtures=snakemake.output.mixtures,
        references=snakemake.output.references,
    )
