"""Join the scores, and rank."""

from cocktail.boards.leaderboard import build
from cocktail.runtime.accounting import work
from cocktail.runtime.log import logged

with logged(snakemake.log[0]), work():
    build(
        [*snakemake.input.scores, *snakemake.params.kept_scores],
        references=[*snakemake.input.references, *snakemake.params.kept_references],
        folder=snakemake.params.folder,
        entries=snakemake.params.entries,
        seed=snakemake.params.seed,
        skips=snakemake.params.absent,
        resamples=snakemake.params.resamples,
    )
