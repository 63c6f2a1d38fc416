"""Make the suite's table of spoofed speech."""

from cocktail.corpora.library import Library
from cocktail.runtime.accounting import work
from cocktail.runtime.log import logged
from cocktail.spoofing.table import build

with logged(snakemake.log[0], pandas=False), work():
    build(
        Library(snakemake.input.speech),
        snakemake.params.counts,
        snakemake.output[0],
        seed=snakemake.params.seed,
        fs=snakemake.params.fs,
    )
