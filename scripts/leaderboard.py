"""Join the scores, and rank."""

from cocktail.cost import work
from cocktail.leaderboard import build
from cocktail.log import logged

with logged(snakemake.log[0]), work():
    build(
        snakemake.input,
        scores_out=snakemake.output.scores,
        board_out=snakemake.output.leaderboard,
        seed=snakemake.params.seed,
        skips=snakemake.params.absent,
        unranked=snakemake.params.bounds,
        resamples=snakemake.params.resamples,
    )
