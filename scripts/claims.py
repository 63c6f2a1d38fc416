"""Judge the claims on the scores."""

from cocktail.boards.claims import CLAIMS
from cocktail.boards.verdicts import build
from cocktail.runtime.accounting import work
from cocktail.runtime.log import logged

with logged(snakemake.log[0]), work():
    build(
        claims=CLAIMS,
        scores=snakemake.input.scores,
        scenes=snakemake.input.scenes,
        entries=snakemake.input.entries,
        out=snakemake.output[0],
        seed=snakemake.params.seed,
        resamples=snakemake.params.resamples,
    )
