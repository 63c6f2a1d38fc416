rule scenes:
    input:
        unpack(of_wildcards(plan.scenes_spoofs)),
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
        definition=of_wildcards(plan.definition),
        split="test",
        indices=of_wildcards(plan.scene_indices),
        seed=plan.config["seed"],
        fs=plan.config["fs"],
        digest=of_wildcards(plan.digests.scenes),
    script:
        "../scripts/scenes.py"
