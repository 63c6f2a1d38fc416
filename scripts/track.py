"""Show the boards in MLflow."""

from cocktail.runtime.log import logged
from cocktail.runtime.storage import linked
from cocktail.tracking.log import track

with logged(snakemake.log[0]), linked(snakemake.input.brought, snakemake.params.folder):
    track(
        folder=snakemake.params.folder,
        out=snakemake.output[0],
        suite_digest=snakemake.params.suite_digest,
        trained=snakemake.params.trained,
        keep=snakemake.params.keep,
        state=snakemake.params.state,
    )
