"""Make the suite's tables of isolated speech and noise."""

from cocktail.corpora import build_corpora
from cocktail.log import logged

with logged(snakemake.log[0]):
    build_corpora(
        snakemake.params.parts,
        speech=snakemake.output.speech,
        noise=snakemake.output.noise,
        seed=snakemake.params.seed,
        fs=snakemake.params.fs,
    )
