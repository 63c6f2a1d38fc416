"""Make the page of the suite."""

from cocktail.report.page.build import build
from cocktail.runtime.accounting import work
from cocktail.runtime.log import logged
from cocktail.runtime.storage import linked

with logged(snakemake.log[0]), work(), linked(snakemake.input.brought, snakemake.params.folder):
    build(
        snakemake.params.boards,
        results=snakemake.params.folder,
        split=snakemake.params.split,
        conditions=snakemake.params.conditions,
        about=snakemake.params.about,
        detector=snakemake.params.detector,
        against=snakemake.params.against,
        seed=snakemake.params.seed,
        resamples=snakemake.params.resamples,
    )
