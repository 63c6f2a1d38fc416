"""Join the scores, and rank."""

from cocktail.cost import work
from cocktail.job import logged
from cocktail.leaderboard import build

with logged(snakemake.log[0]), work():
    build(
        snakemake.input.scores,
        references=snakemake.input.references,
        folder=snakemake.params.folder,
        entries=snakemake.params.entries,
        seed=snakemake.params.seed,
        skips=snakemake.params.absent,
        resamples=snakemake.params.resamples,
    )
