"""The scenes of a condition as a data set in MLflow: its name, a digest of its mixtures, where they lie."""

import hashlib
import json
from pathlib import Path


def dataset(folder: Path, condition: str, n_scenes: int):
    """MLflow's Dataset of the test scenes of a condition in `folder`, results/<suite>; None where they are gone."""
    from mlflow.entities import Dataset

    paths = sorted((folder / "scenes" / condition / "test").glob("*.mixtures.parquet"))
    if not paths:
        return None
    content = hashlib.blake2b(digest_size=8)
    for path in paths:
        content.update(path.read_bytes())
    return Dataset(
        name=f"{folder.name}/{condition}",
        digest=content.hexdigest(),
        source_type="local",
        source=json.dumps({"uri": str(paths[0].parent)}),
        profile=json.dumps({"scenes": n_scenes}),
    )
