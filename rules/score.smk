rule score:
    input:
        mixtures=rules.scenes.output.mixtures,
        references=rules.scenes.output.references,
        estimates=rules.process.output,
    output:
        plan.scores("{condition}", "{entry}", "{shard}"),
    params:
        metrics=plan.metrics,
        recogniser=plan.config["recogniser"],
        digest=plan.score_digest,
    log:
        plan.path("logs", "score", "{condition}", "{entry}", "{shard}.log"),
    benchmark:
        plan.path("logs", "score", "{condition}", "{entry}", "{shard}.tsv")
    script:
        "../scripts/score.py"
