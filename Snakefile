"""Cocktail Bench: scenes, methods, scores, leaderboards. `snakemake --cores 2 --configfile config/quick.yaml`."""

from pathlib import Path

from snakemake.utils import min_version

min_version("9.0")


configfile: Path(workflow.basedir) / "config" / "defaults.yaml"


include: "rules/common.smk"
include: "rules/corpora.smk"
include: "rules/scenes.smk"
include: "rules/rooms.smk"
include: "rules/train.smk"
include: "rules/process.smk"
include: "rules/score.smk"
include: "rules/leaderboard.smk"
include: "rules/claims.smk"
include: "rules/report.smk"


rule all:
    default_target: True
    input:
        board("leaderboard.csv"),
        board("claims.csv"),
        board("report", "index.html"),
        board("mlflow.json") if plan.split == TEST else [],
