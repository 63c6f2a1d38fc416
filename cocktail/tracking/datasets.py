"""The scenes of a condition as a data set in MLflow: its name, a digest of its mixtures, where they lie."""

import json
from pathlib import Path

from cocktail.digest import files_digest


def dataset(folder: Path, condition: str, n_scenes: int):
    """MLflow's Dataset of the test scenes of a condition in `folder`, results/<suite>; None where they are gone."""
    from mlflow.entities import Dataset

    paths = sorted((folder / "scenes" / condition / "test").glob("*.mixtures.parquet"))
    if not paths:
        return None
    return Dataset(
        name=f"{folder.name}/{condition}",
        digest=files_digest((path.name, path) for path in paths),
        source_type="local",
        source=json.dumps({"uri": str(paths[0].parent)}),
        profile=json.dumps({"scenes": n_scenes}),
    )
