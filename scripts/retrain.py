"""Train a recogniser on what one entry made of training scenes."""

from cocktail.runtime.job import running
from cocktail.runtime.log import base_models, start_model
from cocktail.training.data.estimates import retrain

with running(snakemake):
    retrain(
        estimates=snakemake.input.estimates,
        references=snakemake.input.references,
        out=snakemake.output[0],
        spec=snakemake.params.spec,
        bases=base_models(snakemake.params.bases, snakemake),
        start=start_model(snakemake),
        suite=snakemake.params.suite,
        seed=snakemake.params.seed,
        fs=snakemake.params.fs,
        limit_s=snakemake.params.limit_s,
        device=snakemake.params.device,
        identity=snakemake.params.digest,
    )
