rule score:
    input:
        unpack(plan.score_input),
        mixtures=rules.scenes.output.mixtures,
        references=rules.scenes.output.references,
        estimates=rules.process.output,
    output:
        plan.scores("{condition}", "{entry}", "{shard}"),
    log:
        plan.path("logs", "score", "{condition}", "{entry}", "{shard}.log"),
    benchmark:
        plan.path("logs", "score", "{condition}", "{entry}", "{shard}.tsv")
    params:
        metrics=plan.metrics,
        scorers=plan.scorer_specs,
        suite=plan.suite,
        recogniser=plan.config["recogniser"],
        digest=plan.score_digest,
    script:
        "../scripts/score.py"
