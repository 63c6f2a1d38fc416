"""What jobs cost: read from what they leave, kept, and scaled to other suites. No test times anything."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from cocktail.config import CONFIG
from cocktail.errors import CocktailError
from cocktail.runtime.accounting import accounted, read_log, work, works_on
from cocktail.workflow import forecast
from cocktail.workflow.costs import FILE, SHIPPED, Cost, Costs, measure, read_costs, shipped_costs
from cocktail.workflow.forecast import estimate
from cocktail.workflow.job_groups import SCENE_S, groups
from cocktail.workflow.plan import Plan
from cocktail.workflow.suite import load_suite

SUITE = """
suite: {name}
scenes: {scenes}
shard_size: {shard_size}
conditions: [stationary, tablet]
methods: [omlsa, delay-and-sum, blstm-psa, dnn-ma]
metrics: {metrics}
parameters:
  mask_network: {{epochs: {epochs}, steps: 10}}
"""
NETWORK_S = (0.003, 2e-7)
"""Seconds for a second of sound: its making, and each multiplication of the network."""


@pytest.fixture
def make_plan(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COCKTAIL_DEVICE", raising=False)

    def make(name="small", scenes=4, shard_size=2, metrics="[si_sdr, wer]", epochs=5):
        path = tmp_path / f"{name}.yaml"
        text = SUITE.format(name=name, scenes=scenes, shard_size=shard_size, metrics=metrics, epochs=epochs)
        path.write_text(text)
        return Plan(load_suite(str(path)), str(path))

    return make


def true_cost(group) -> tuple[float, float]:
    """CPU seconds of one job besides its work, and of the work of an amount of one: laws that the suites obey."""
    if group.rule == "train":
        return 3.0, NETWORK_S[0] + NETWORK_S[1] * group.size
    each = {"scenes": 0.25, "process": 0.5, "score": 1.5}.get(group.rule, 0.125)
    return 0.5, each * (1 + len(group.condition or "")) * (1 + len(group.entry or ""))


def leave_records(plan, device="cpu (x86_64)"):
    """Logs, benchmark files and outputs as jobs leave them, whose costs follow `true_cost`."""
    for group in groups(plan):
        for job in group.jobs:
            besides, each = true_cost(group)
            amount = 1.0 if job.amount != job.amount else job.amount
            log = Path(job.log)
            log.parent.mkdir(parents=True, exist_ok=True)
            log.with_name(log.name + ".log").write_text(
                f"device {device}\nwork 0.25 s once\n" + f"work {each * amount / 4:.12f} s\n" * 4
            )
            cpu_s = besides + each * amount
            log.with_name(log.name + ".tsv").write_text(f"s\tcpu_time\n{2 * cpu_s}\t{cpu_s}\n")
            for output in map(Path, job.outputs):
                if group.rule == "train":
                    output.mkdir(parents=True, exist_ok=True)
                    card = {"entry": group.entry, "suite": plan.suite, "fs": 16000, "error": None}
                    parameters = plan.known[group.entry].parameters
                    (output / "model.json").write_text(json.dumps(card | {"parameters": parameters}))
                elif not output.suffix:
                    output.mkdir(parents=True, exist_ok=True)
                else:
                    output.parent.mkdir(parents=True, exist_ok=True)
                    output.write_bytes(bytes(round(1000 * amount)))


def known(estimates, rule):
    return [each for each in estimates if each.group.rule == rule]


def test_a_log_says_what_was_work_and_where(capsys):
    with work():
        pass  # outside of a job, nothing is said
    assert capsys.readouterr().err == ""
    with accounted():
        works_on("NVIDIA H200")
        with work(once=True):
            pass
        with work():
            pass
    text = re.sub(r"[\d.]+(?= s once)", "1.5", capsys.readouterr().err)
    found = read_log("an epoch\n" + re.sub(r"[\d.]+(?= s$)", "2.25", text, flags=re.MULTILINE) + "work is done\n")
    assert (found.device, found.once_s, found.work_s) == ("NVIDIA H200", 1.5, 2.25)
    assert read_log("").device is None


def test_costs_of_a_suite_are_found_again_and_scale(make_plan):
    """Six times the scenes in shards of another size, more epochs: every estimate is what the laws say."""
    small = make_plan()
    leave_records(small)
    costs = measure(small)
    assert {cost.rule for cost in costs.costs} == {group.rule for group in groups(small)}
    large = make_plan("large", scenes=24, shard_size=12, epochs=40)
    for each in estimate(large, [costs]):
        besides, unit = true_cost(each.group)
        truth = besides * len(each.group.jobs) + unit * each.group.amount
        assert each.basis == "small", each.group.name
        assert each.cpu_s == pytest.approx(truth, rel=0.01), each.group.name  # the records have two digits
        assert each.gpu_s == 0
    (mixtures,) = (each for each in estimate(large, [costs]) if each.group.name == "scenes tablet")
    assert mixtures.n_bytes == 2 * 1000 * 24
    assert mixtures.exact
    assert not any(each.exact for each in known(estimate(large, [costs]), "train"))


def test_amounts_grow_with_the_scenes(make_plan):
    def amounts(plan):
        found = dict.fromkeys(("scenes", "process", "score", "leaderboard", "claims"), 0)
        for group in groups(plan):
            if group.rule in found:
                found[group.rule] += group.amount
        return found

    small, large = amounts(make_plan()), amounts(make_plan("large", scenes=12))
    assert all(amount > 0 for amount in small.values())
    assert large == {rule: 3 * amount for rule, amount in small.items()}


def test_a_conversation_counts_as_the_scenes_that_last_as_long():
    path = str(CONFIG / "meeting.yaml")
    plan = Plan(load_suite(path), path)
    amounts = {group.rule: group.amount for group in groups(plan) if group.condition == "meeting"}
    assert amounts == dict.fromkeys(("scenes", "process", "score"), 20 * 60 / SCENE_S)


def test_a_job_counts_with_its_work_where_sampling_missed_it(make_plan):
    plan = make_plan()
    leave_records(plan)
    group = next(group for group in groups(plan) if group.rule == "score")
    for job in group.jobs:
        Path(f"{job.log}.tsv").write_text("s\tcpu_time\n0.41\t0.00\n")
        Path(f"{job.log}.log").write_text("work 0.75 s once\nwork 2.25 s\n")
    found = next(cost for cost in measure(plan).costs if cost.rule == "score")
    assert (found.jobs, found.cpu_s, found.work_s) == (2, 6.0, 4.5)


def test_what_a_running_job_replaces_meanwhile_is_left_out(make_plan, monkeypatch):
    """`cocktail run` weighs its jobs while they run."""
    plan = make_plan()
    leave_records(plan)
    before = {cost.rule for cost in measure(plan).costs}
    Path(plan.path("report", "cells")).mkdir()
    walk = Path.rglob

    def replaced(folder, pattern):
        for path in walk(folder, pattern):
            yield path
            if path.name == "cells":
                path.rmdir()

    monkeypatch.setattr(Path, "rglob", replaced)
    assert {cost.rule for cost in measure(plan).costs} >= before - {"report"}


def test_a_job_that_nothing_sampled_costs_what_its_log_says(make_plan):
    plan = make_plan()
    leave_records(plan)
    Path(plan.path("logs", "claims.tsv")).write_text("s\tcpu_time\nNA\tNA\n")
    Path(plan.path("logs", "claims.log")).write_text("work 0.25 s\n")
    (found,) = (cost for cost in measure(plan).costs if cost.rule == "claims")
    assert (found.cpu_s, found.wall_s) == (0.25, 0.0)


def test_an_entry_that_did_not_run_is_estimated_by_its_plugin_or_unknown(make_plan):
    plan = make_plan()
    leave_records(plan)
    costs = measure(plan)
    without = replace(costs, costs=tuple(cost for cost in costs.costs if cost.entry != "dnn-ma"))
    estimates = estimate(plan, [without])
    (trained,) = (each for each in known(estimates, "train") if each.group.entry == "dnn-ma")
    assert trained.basis == "small"  # by blstm-psa, the other network of the plugin
    assert not trained.exact
    without = replace(costs, costs=tuple(cost for cost in costs.costs if cost.plugin != "omlsa"))
    unknown = {each.group.name for each in estimate(plan, [without]) if each.basis is None}
    assert unknown == {"process stationary omlsa", "process tablet omlsa"}  # scored like other entries


def test_without_measurements_all_is_unknown(make_plan):
    plan = make_plan()
    assert measure(plan).costs == ()
    for each in estimate(plan, []):
        assert (each.basis, each.cpu_s) == (None, 0)
        assert each.reason


def test_what_scores_an_estimate_costs_the_same_however_large_the_network(make_plan):
    """Methods of the user's are planned by others like them: larger networks make trainings and processing dearer."""
    plan = make_plan()
    leave_records(plan)
    costs = measure(plan)
    other = replace(costs, costs=tuple(cost for cost in costs.costs if cost.entry not in ("blstm-psa", "dnn-ma")))
    sizes = {group.rule: group.size for group in groups(plan) if group.entry == "blstm-psa"}
    assert sizes["score"] == 1 and sizes["process"] == sizes["train"] > 1e6
    by_entry = {each.group.entry: each.cpu_s for each in known(estimate(plan, [other]), "score")}
    assert by_entry["blstm-psa"] < 2 * max(by_entry["omlsa"], by_entry["delay-and-sum"])


def test_scores_of_fewer_metrics_are_no_basis(make_plan):
    few, many = make_plan("few"), make_plan("many", metrics="[si_sdr, wer, stoi]")
    leave_records(few)
    (reason,) = {each.reason for each in known(estimate(many, [measure(few)]), "score")}
    assert reason == "not measured: stoi"
    timed = make_plan("timed", metrics="[si_sdr, wer, rtf, parameters]")  # read off the records of methods
    assert all(each.basis == "few" for each in known(estimate(timed, [measure(few)]), "score"))
    leave_records(many)
    assert all(each.basis == "many" for each in known(estimate(few, [measure(many)]), "score"))


def test_suites_of_the_same_corpora_go_first(make_plan):
    plan = make_plan()
    leave_records(plan)
    mine = measure(plan)
    other = replace(mine, suite="other", corpora={"speech": [{"adapter": "folder", "table": "a.csv"}], "noise": []})
    assert {each.basis for each in known(estimate(plan, [other, mine]), "score")} == {"small"}
    only = estimate(plan, [other])
    assert {each.basis for each in known(only, "score")} == {"other"}
    assert not any(each.exact for each in known(only, "score"))


def test_a_training_of_moments_tells_nothing_of_hours(make_plan):
    plan, long = make_plan(epochs=1), make_plan("long", epochs=10_000)
    leave_records(plan)
    costs = measure(plan)
    brief = replace(costs, costs=tuple(replace(x, work_s=2.0) if x.rule == "train" else x for x in costs.costs))
    reasons = {each.reason for each in known(estimate(long, [brief]), "train")}
    assert reasons == {"trainings of mask_network were measured for 2 s only"}
    assert all(each.basis for each in known(estimate(plan, [brief]), "train"))


def test_a_model_of_other_parameters_is_no_measurement(make_plan):
    plan = make_plan()
    leave_records(plan)
    card = Path(plan.model("blstm-psa")) / "model.json"
    found = json.loads(card.read_text())
    card.write_text(json.dumps(found | {"parameters": {"width": 0.1}}))
    assert {cost.entry for cost in measure(plan).costs if cost.rule == "train"} == {"dnn-ma"}
    card.write_text(json.dumps(found | {"error": "training failed"}))
    assert {cost.entry for cost in measure(plan).costs if cost.rule == "train"} == {"dnn-ma"}


def test_a_training_that_stopped_early_counts_with_the_epochs_it_had(make_plan):
    plan = make_plan(epochs=50)  # besides 50 with the mask of the mel filters
    leave_records(plan)
    rows = ["stage,epoch,train_loss,valid_loss", *(f"train,{epoch},1,1" for epoch in range(1, 26))]
    (Path(plan.model("blstm-psa")) / "history.csv").write_text("\n".join(rows) + "\n")
    amounts = {cost.entry: cost.amount for cost in measure(plan).costs if cost.rule == "train"}
    assert amounts["blstm-psa"] == pytest.approx(amounts["dnn-ma"] / 4)


def test_gpu_hours_are_of_a_gpu_or_said_to_be_a_cpus(make_plan, monkeypatch):
    plan = make_plan()
    leave_records(plan)
    on_cpu = measure(plan)
    monkeypatch.setenv("COCKTAIL_DEVICE", "cuda")
    plan = make_plan()
    bound = known(estimate(plan, [on_cpu]), "train")
    assert all(each.at_cpu_speed and each.gpu_s == each.cpu_s > 0 for each in bound)
    leave_records(plan, device="NVIDIA H200")
    on_gpu = measure(plan)
    assert all(cost.gpu for cost in on_gpu.costs)
    for each in known(estimate(plan, [on_cpu, on_gpu]), "train"):
        assert not each.at_cpu_speed
        assert each.gpu_s == pytest.approx(2 * each.cpu_s)  # the wall-clock time of its record
    assert all(each.gpu_s == 0 for each in known(estimate(plan, [on_gpu, on_cpu]), "score"))
    monkeypatch.delenv("COCKTAIL_DEVICE")
    if not Path("/dev/nvidiactl").exists():
        assert all(each.basis is None for each in known(estimate(make_plan(), [on_gpu]), "train"))


def test_costs_are_kept_in_a_file(make_plan, tmp_path):
    plan = make_plan()
    leave_records(plan)
    costs = measure(plan)
    costs.write(tmp_path / FILE)
    assert read_costs(tmp_path / FILE) == costs
    (tmp_path / "wrong.json").write_text('{"suite": "mine"}')
    with pytest.raises(CocktailError, match=r"wrong.json: no record of costs"):
        read_costs(tmp_path / "wrong.json")
    with pytest.raises(CocktailError, match=r"none.json: cannot be read: No such file"):
        read_costs(tmp_path / "none.json")


def measured_suite():
    """`quick` with every entry and condition, whose costs are shipped."""
    everything = {"conditions": "all", "without": [], "metrics": "all"}
    return Plan(load_suite("quick", everything), "quick")


def test_shipped_costs_foretell_each_training_from_the_others():
    """Networks of other widths than those that were timed: right within a factor of 2, as the whole plan shall be."""
    shipped, plan = read_costs(SHIPPED / "quick.json"), measured_suite()
    trained = [cost for cost in shipped.costs if cost.rule == "train" and cost.work_s > 10]
    plugins = [cost.plugin for cost in trained]
    checked = [cost for cost in trained if plugins.count(cost.plugin) > 1 and cost.plugin != "ctc"]
    assert len(checked) >= 9
    for cost in checked:
        others = replace(shipped, costs=tuple(other for other in shipped.costs if other is not cost))
        (found,) = (each for each in known(estimate(plan, [others]), "train") if each.group.entry == cost.entry)
        assert 0.5 < found.cpu_s / cost.cpu_s < 2, cost.entry


def test_shipped_costs_foretell_conditions_that_were_not_run():
    """The run that was measured with every other entry left out of a condition, against what these cost."""
    shipped, plan = read_costs(SHIPPED / "quick.json"), measured_suite()
    for rule in ("process", "score"):
        left_out = [cost for cost in shipped.costs if cost.rule == rule][::2]
        kept = replace(shipped, costs=tuple(cost for cost in shipped.costs if cost not in left_out))
        keys = {(cost.condition, cost.entry) for cost in left_out}
        estimates = [
            each
            for each in known(estimate(plan, [kept]), rule)
            if (each.group.condition, each.group.entry) in keys and each.basis
        ]
        found = {(each.group.condition, each.group.entry) for each in estimates}
        truth = sum(cost.cpu_s for cost in left_out if (cost.condition, cost.entry) in found)
        assert len(found) > 0.9 * len(keys)
        assert 0.5 < sum(each.cpu_s for each in estimates) / truth < 2


def test_shipped_costs_cover_every_job_of_full():
    """Of no stage of the largest suite is the cost unknown, where the plugin has a record at that stage."""
    shipped = shipped_costs()
    measured = {(cost.rule, cost.plugin) for costs in shipped for cost in costs.costs}
    estimates = [
        each
        for each in estimate(Plan(load_suite("full"), "full"), shipped)
        if (each.group.rule, each.group.plugin) in measured
    ]
    assert {each.group.rule for each in estimates} >= {"corpora", "rooms", "scenes", "train", "process", "score"}
    assert [each.group.name for each in estimates if each.basis is None] == []
    assert sum(each.cpu_s for each in estimates) > 100 * shipped[0].seconds


def test_the_first_run_takes_half_a_cpu_hour_at_most():
    """What is added to `quick` must find its place in a quarter of an hour on two cores."""
    estimates = estimate(Plan(load_suite("quick"), "quick"), shipped_costs())
    assert [each.group.name for each in estimates if each.basis is None] == []
    assert 0.1 < sum(each.cpu_s for each in estimates) / 3600 < 0.5


def test_the_command_prints_hours_and_what_is_unknown(make_plan, tmp_path, capsys):
    from cocktail.cli import main

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(["plan", *arguments])
        return ended.value.code, capsys.readouterr()

    leave_records(make_plan())
    status, said = call("small.yaml", "--json")
    assert status in (0, None), said.err
    rows = {row["stage"]: row for row in json.loads(said.out)}
    plan = make_plan()
    true_s = sum(
        true_cost(group)[0] * len(group.jobs) + true_cost(group)[1] * group.amount
        for group in groups(plan)
        if group.rule == "score"
    )
    assert rows["score"]["cpu_hours"] == pytest.approx(true_s / 3600, rel=0.06)
    assert rows["score"]["basis"] == "small"
    assert rows["all"]["jobs"] == sum(len(group.jobs) for group in groups(plan))
    assert rows["all"]["unknown_jobs"] == 0
    nothing = Costs("nothing", "no machine", {}, (), (Cost("rooms", 1, 1.0, 1.0, 1.0, 1, amount=1.0),))
    nothing.write(tmp_path / "nothing.json")
    status, said = call("small.yaml", "--like", "nothing.json")
    assert status in (0, None), said.err
    assert "Without measured costs, not in the sums" in said.out
    assert "train: no training of mask_network was measured (train " in said.out
    status, said = call("small.yaml", "--like", "tiny")
    assert status == 2
    assert "--like tiny: it has not run here" in said.err


def test_a_training_takes_its_amount_times_a_share_that_grows_with_the_size():
    """Time = amount (2 + 3 size), of two sizes and any amounts; of one size, all of it may be the model's."""
    trained = [
        Cost("train", 1, 0.0, amount * (2 + 3 * size), 0.0, 0, amount, size=size) for amount, size in ((10, 1), (7, 4))
    ]
    assert forecast._rate(trained, 6.0) == pytest.approx(2 + 3 * 6)
    assert forecast._rate(trained[:1], 6.0) == pytest.approx(6 * 5)
