rule scenes:
    input:
        unpack(of_wildcards(plan.scenes_spoofs)),
        speech=rules.corpora.output.speech,
        noise=rules.corpora.output.noise,
    output:
        mixtures=plan.mixtures("{condition}", "{shard}", "{split}"),
        references=plan.references("{condition}", "{shard}", "{split}"),
    log:
        plan.path("logs", "scenes", "{condition}", "{split}", "{shard}.log"),
    benchmark:
        plan.path("logs", "scenes", "{condition}", "{split}", "{shard}.tsv")
    params:
        definition=of_wildcards(plan.definition),
        indices=of_wildcards(plan.scene_indices),
        seed=plan.config["seed"],
        fs=plan.config["fs"],
        digest=of_wildcards(plan.digests.scenes),
    script:
        "../scripts/scenes.py"
