rule retrain_scenes:
    input:
        unpack(plan.scenes_spoofs),
        speech=rules.corpora.output.speech,
        noise=rules.corpora.output.noise,
    output:
        mixtures=plan.retraining.mixtures("{condition}", "{shard}"),
        references=plan.retraining.references("{condition}", "{shard}"),
    log:
        plan.path("logs", "retrain", "scenes", "{condition}", "{shard}.log"),
    benchmark:
        plan.path("logs", "retrain", "scenes", "{condition}", "{shard}.tsv")
    params:
        definition=plan.definition,
        split="train",
        indices=plan.retraining.indices,
        seed=plan.config["seed"],
        fs=plan.config["fs"],
        digest=plan.retraining.scenes_digest,
    script:
        "../scripts/scenes.py"


rule retrain_process:
    input:
        unpack(plan.retraining.process_input),
    output:
        plan.retraining.estimates("{condition}", "{entry}", "{shard}"),
    log:
        plan.path("logs", "retrain", "process", "{condition}", "{entry}", "{shard}.log"),
    benchmark:
        plan.path("logs", "retrain", "process", "{condition}", "{entry}", "{shard}.tsv")
    resources:
        gpu=plan.gpu,
    params:
        spec=plan.spec,
        base=plan.base_spec,
        suite=plan.suite,
        seed=plan.config["seed"],
        limit_s=plan.config["time_limit_s"],
        device=plan.device,
        recogniser=plan.recogniser,
        digest=plan.retraining.process_digest,
    script:
        "../scripts/process.py"


rule retrain:
    input:
        unpack(plan.retraining.fit_input),
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
        digest=plan.retraining.fit_digest,
    script:
        "../scripts/retrain.py"
