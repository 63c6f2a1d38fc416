"""Train one entry."""

from cocktail.job import logged
from cocktail.train import train_entry

with logged(snakemake.log[0]):
    train_entry(
        speech=snakemake.input.speech,
        noise=snakemake.input.noise,
        out=snakemake.output[0],
        spec=snakemake.params.spec,
        seed=snakemake.params.seed,
        fs=snakemake.params.fs,
        limit_s=snakemake.params.limit_s,
    )
