"""Draw and render one shard of scenes."""

from cocktail.scene import make_shard

from cocktail.log import logged

with logged(snakemake.log[0]):
    make_shard(
        condition=snakemake.wildcards.condition,
        definition=snakemake.params.definition,
        split="test",
        indices=snakemake.params.indices,
        seed=snakemake.params.seed,
        fs=snakemake.params.fs,
        speech=snakemake.input.speech,
        noise=snakemake.input.noise,
        mixtures=snakemake.output.mixtures,
        references=snakemake.output.references,
    )
