"""Train a recogniser on what one entry made of training scenes."""

from cocktail.gpus import own_gpu
from cocktail.job import base_model, logged
from cocktail.limits import limited
from cocktail.retraining import retrain

with logged(snakemake.log[0]), limited(snakemake.resources), own_gpu(snakemake.resources.get("gpu", 0)):
    retrain(
        estimates=snakemake.input.estimates,
        references=snakemake.input.references,
        out=snakemake.output[0],
        spec=snakemake.params.spec,
        base=base_model(snakemake.params.base, snakemake),
        suite=snakemake.params.suite,
        seed=snakemake.params.seed,
        fs=snakemake.params.fs,
        limit_s=snakemake.params.limit_s,
        device=snakemake.params.device,
        identity=snakemake.params.digest,
    )
