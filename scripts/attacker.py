"""Make the table of the spoofs that an entry makes of genuine speech."""

from cocktail.processing.attacker import make_spoofs
from cocktail.processing.runner import Setup
from cocktail.runtime.job import running
from cocktail.runtime.log import base_models

with running(snakemake, pandas=False):
    setup = Setup(
        spec=snakemake.params.spec,
        suite=snakemake.params.suite,
        seed=snakemake.params.seed,
        model=snakemake.input.get("model"),
        bases=base_models(snakemake.params.bases, snakemake),
        device="cpu",  # whatever the machine has, so that scenes do not depend on it
    )
    make_spoofs(
        speech=snakemake.input.speech,
        counts=snakemake.params.counts,
        out=snakemake.output[0],
        setup=setup,
        fs=snakemake.params.fs,
    )
