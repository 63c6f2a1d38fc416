"""Score one entry on one shard of scenes."""

from cocktail.score import score_shard

from cocktail.log import logged

with logged(snakemake.log[0]):
    score_shard(
        mixtures=snakemake.input.mixtures,
        references=snakemake.input.references,
        estimates=snakemake.input.estimates,
        out=snakemake.output[0],
        condition=snakemake.wildcards.condition,
        entry=snakemake.wildcards.entry,
        metrics=snakemake.params.metrics,
        recogniser=snakemake.params.recogniser,
    )
