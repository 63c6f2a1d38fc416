"""Make the bank of room responses of one condition."""

from cocktail.runtime.log import logged
from cocktail.scenes.room_bank import make_bank

with logged(snakemake.log[0], pandas=False):
    make_bank(
        condition=snakemake.wildcards.condition,
        definition=snakemake.params.definition,
        rooms=snakemake.params.rooms,
        seed=snakemake.params.seed,
        fs=snakemake.params.fs,
        out=snakemake.output[0],
        microphones=snakemake.wildcards.microphones,
    )
