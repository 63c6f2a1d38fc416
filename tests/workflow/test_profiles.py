"""What the profiles say of rules and resources, and how `cocktail run` takes them."""

import re
from pathlib import Path

import pytest
import yaml

from cocktail import ROOT
from cocktail.errors import CocktailError
from cocktail.runtime.limits import AROUND_MB, AROUND_S
from cocktail.workflow.snakemake import PROFILES, profile_folder, snakemake_command
from cocktail.workflow.suite import suite_path

CLUSTERS = ("slurm", "kubernetes")


def profile(name):
    return yaml.safe_load((PROFILES / name / "config.yaml").read_text())


def rules():
    texts = [path.read_text() for path in (ROOT / "rules").glob("*.smk")]
    return {name for text in texts for name in re.findall(r"^rule (\w+):", text, re.MULTILINE)}


def number(value):
    """A resource in the first attempt."""
    return int(str(value).removesuffix(" * min(attempt, 2)"))


@pytest.mark.parametrize("name", CLUSTERS)
def test_every_rule_has_memory_and_time_beyond_what_a_job_needs_for_itself(name):
    """A rule that does not exist would be passed over without a word."""
    settings = profile(name)
    assert settings["set-resources"].keys() <= rules()
    assert "train" in settings["set-resources"]
    for asked in [settings["default-resources"], *settings["set-resources"].values()]:
        asked = settings["default-resources"] | asked
        assert number(asked["mem_mb"]) >= 2 * AROUND_MB and 60 * number(asked["runtime"]) >= 2 * AROUND_S


def test_clusters_ask_for_the_same_and_take_failures_alike():
    slurm, kubernetes = map(profile, CLUSTERS)
    assert slurm["set-resources"] == kubernetes["set-resources"]
    assert slurm["default-resources"].items() <= kubernetes["default-resources"].items()
    for settings in (slurm, kubernetes):
        assert settings["keep-going"] and settings["rerun-incomplete"]
        # Snakemake evaluates resources in the first try, the second and the last.
        tries = [
            eval(settings["default-resources"]["give_up"], {"attempt": n}) for n in range(1, settings["retries"] + 2)
        ]
        assert tries == [0, 0, 2]


def test_one_machine_has_no_resources_that_limit_jobs():
    assert not {"default-resources", "set-resources", "executor"} & profile("default").keys()


def test_the_command_of_one_machine_says_its_cores_and_that_of_a_cluster_its_jobs(monkeypatch):
    monkeypatch.setenv("COCKTAIL_DEVICE", "cpu")
    tiny = suite_path("tiny")
    local, cluster = snakemake_command(tiny, {}, 3), snakemake_command(tiny, {}, 3, profile="slurm")
    assert local[local.index("--cores") + 1] == "3" and "--jobs" not in local
    assert cluster[cluster.index("--jobs") + 1] == "3" and "--cores" not in cluster
    assert str(PROFILES / "default") in local and str(PROFILES / "slurm") in cluster
    assert "--jobs" not in snakemake_command(tiny, {}, None, profile="slurm")
    assert int(local[local.index("--cores") + 1]) > 0


def test_the_gpus_of_this_machine_bound_no_cluster(monkeypatch):
    monkeypatch.setenv("COCKTAIL_DEVICE", "cuda")
    monkeypatch.setenv("COCKTAIL_GPUS", "2")
    tiny = suite_path("tiny")
    assert "gpu=2" in snakemake_command(tiny, {}, None)
    assert "--resources" not in snakemake_command(tiny, {}, None, profile="slurm")


def test_what_waits_for_no_training_is_made_first_on_one_machine():
    tiny, first = suite_path("tiny"), ["results/tiny/a.parquet", "results/tiny/b.parquet"]
    command = snakemake_command(tiny, {}, 3, first=first)
    at = command.index("--prioritize")
    assert command[at + 1 : at + 3] == first
    assert command[at + 3].startswith("--")
    assert "--prioritize" not in snakemake_command(tiny, {}, 3, profile="slurm", first=first)
    assert "--prioritize" not in snakemake_command(tiny, {}, 3, ("--forceall",), first=first)


def test_a_profile_is_a_name_or_a_folder(tmp_path):
    (tmp_path / "config.yaml").write_text("jobs: 1\n")
    assert profile_folder(f"{tmp_path}/") == Path(tmp_path)
    for wrong in ("slrm", f"{tmp_path}/none"):
        with pytest.raises(CocktailError, match=r"known: default, kubernetes, slurm"):
            profile_folder(wrong)


def test_a_python_in_a_folder_with_a_space_is_refused(monkeypatch):
    monkeypatch.setattr("sys.executable", "/my work/.venv/bin/python")
    with pytest.raises(CocktailError, match=r"/my work/.venv/bin/python: .* whose path has a space"):
        snakemake_command(suite_path("tiny"), {}, 1)
