use rule scenes as retrain_scenes with:
    output:
        mixtures=plan.mixtures("{condition}", "{shard}", "train"),
        references=plan.references("{condition}", "{shard}", "train"),
    log:
        plan.path("logs", "retrain", "scenes", "{condition}", "{shard}.log"),
    benchmark:
        plan.path("logs", "retrain", "scenes", "{condition}", "{shard}.tsv")
    params:
        split="train",
        indices=of_wildcards(plan.retraining.indices),
        digest=of_wildcards(plan.retraining.scenes_digest),


use rule process as retrain_process with:
    input:
        unpack(of_wildcards(plan.retraining.process_input)),
    output:
        plan.retraining.estimates("{condition}", "{entry}", "{shard}"),
    log:
        plan.path("logs", "retrain", "process", "{condition}", "{entry}", "{shard}.log"),
    benchmark:
        plan.path("logs", "retrain", "process", "{condition}", "{entry}", "{shard}.tsv")
    params:
        digest=of_wildcards(plan.retraining.process_digest),


rule retrain:
    input:
        unpack(of_wildcards(plan.retraining.fit_input)),
    output:
        directory(plan.retraining.model("{entry}")),
    log:
        plan.path("logs", "retrain", "train", "{entry}.log"),
    benchmark:
        plan.path("logs", "retrain", "train", "{entry}.tsv")
    resources:
        gpu=plan.retraining.gpu,
    params:
        spec=plan.retraining.spec,
        base=plan.retraining.base_spec,
        suite=plan.suite,
        device=plan.config["device"],
        seed=plan.config["seed"],
        fs=plan.config["fs"],
        limit_s=plan.config["train_limit_s"],
        digest=of_wildcards(plan.retraining.fit_digest),
    script:
        "../scripts/retrain.py"
