"""Join the scores, and rank."""

from cocktail.cost import work
from cocktail.leaderboard import build
from cocktail.log import logged

with logged(snakemake.log[0]), work():
    build(
        snakemake.input,
        folder=snakemake.params.folder,
        entries=snakemake.params.entries,
        seed=snakemake.params.seed,
        skips=snakemake.params.absent,
        resamples=snakemake.params.resamples,
    )
