"""Make the table of spoofed speech after an adversary's attack."""

from cocktail.processing.adversary import attack
from cocktail.runtime.job import running

with running(snakemake, pandas=False):
    attack(
        spoofs=snakemake.input.spoofs,
        model=snakemake.input.model,
        out=snakemake.output[0],
        spec=snakemake.params.spec,
        suite=snakemake.params.suite,
        seed=snakemake.params.seed,
        fs=snakemake.params.fs,
    )
