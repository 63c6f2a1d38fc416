"""Judge the claims on the scores."""

from cocktail.claims import CLAIMS
from cocktail.cost import work
from cocktail.job import logged
from cocktail.verdicts import build

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
