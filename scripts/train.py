"""Train one entry."""

import functools
from pathlib import Path

from cocktail.recognition.recogniser import create
from cocktail.runtime.job import running
from cocktail.runtime.log import base_models, estimates_read, start_model
from cocktail.training.data.estimates import EstimatedScenes
from cocktail.training.job import train_entry

with running(snakemake):
    reads = estimates_read(snakemake)
    scenes = {name: snakemake.input.get(name, []) for name in ("mixtures", "references")}
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
        spoofs=snakemake.input.get("spoofs", []),
        recogniser=functools.partial(create, snakemake.params.recogniser),
        bases=base_models(snakemake.params.bases, snakemake),
        start=start_model(snakemake),
        estimated=EstimatedScenes(estimates=reads, **scenes) if reads else None,
        device=snakemake.params.device,
        identity=snakemake.params.digest,
        trained_on=snakemake.params.trained_on,
    )
