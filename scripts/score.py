"""Score one entry on one shard of scenes."""

from cocktail.runtime.job import running
from cocktail.runtime.log import scorer_models
from cocktail.scoring.shard import score_shard

with running(snakemake, pandas=False):
    score_shard(
        mixtures=snakemake.input.mixtures,
        references=snakemake.input.references,
        estimates=snakemake.input.estimates,
        out=snakemake.output[0],
        condition=snakemake.wildcards.condition,
        entry=snakemake.wildcards.entry,
        metrics=snakemake.params.metrics,
        recogniser=snakemake.params.recogniser,
        scorers=scorer_models(snakemake),
    )
