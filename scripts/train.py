"""Train one entry."""

from pathlib import Path

from cocktail.gpus import own_gpu
from cocktail.job import base_model, logged
from cocktail.limits import limited
from cocktail.train import train_entry

with logged(snakemake.log[0]), limited(snakemake.resources), own_gpu(snakemake.resources.get("gpu", 0)):
    train_entry(
        speech=snakemake.input.speech,
        noise=snakemake.input.noise,
        out=snakemake.output[0],
        spec=snakemake.params.spec,
        seed=snakemake.params.seed,
        fs=snakemake.params.fs,
        suite=snakemake.params.suite,
        limit_s=snakemake.params.limit_s,
        conditions=snakemake.params.conditions,
        rooms={Path(path).stem: path for path in snakemake.input.rooms},
        spoofs=snakemake.input.get("spoofs"),
        base=base_model(snakemake.params.base, snakemake),
        device=snakemake.params.device,
        identity=snakemake.params.digest,
    )
