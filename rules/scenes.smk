rule scenes:
    input:
        unpack(plan.scenes_spoofs),
        speech=rules.corpora.output.speech,
        noise=rules.corpora.output.noise,
    output:
        mixtures=plan.mixtures("{condition}", "{shard}"),
        references=plan.references("{condition}", "{shard}"),
    log:
        plan.path("logs", "scenes", "{condition}", "{shard}.log"),
    benchmark:
        plan.path("logs", "scenes", "{condition}", "{shard}.tsv")
    params:
        definition=plan.definition,
        split="test",
        indices=plan.indices,
        seed=plan.config["seed"],
        fs=plan.config["fs"],
        digest=plan.scenes_digest,
    script:
        "../scripts/scenes.py"
