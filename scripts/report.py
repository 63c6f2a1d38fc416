"""Make the page of the suite."""

from cocktail.cost import work
from cocktail.job import logged
from cocktail.report.page.build import build
from cocktail.storage import linked

with logged(snakemake.log[0]), work(), linked(snakemake.input.brought, snakemake.params.folder):
    build(
        snakemake.params.folder,
        conditions=snakemake.params.conditions,
        seed=snakemake.params.seed,
        resamples=snakemake.params.resamples,
    )
