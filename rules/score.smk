rule score:
    input:
        unpack(of_wildcards(plan.score_input)),
        mixtures=plan.mixtures("{condition}", "{shard}"),
        references=plan.references("{condition}", "{shard}"),
        estimates=plan.estimates("{condition}", "{entry}", "{shard}"),
    output:
        plan.scores("{condition}", "{entry}", "{shard}"),
    log:
        plan.board("logs", "score", "{condition}", "{entry}", "{shard}.log"),
    benchmark:
        plan.board("logs", "score", "{condition}", "{entry}", "{shard}.tsv")
    params:
        metrics=plan.metrics,
        scorers=of_wildcards(plan.scorer_specs),
        suite=plan.suite,
        recogniser=plan.config["recogniser"],
        digest=of_wildcards(plan.digests.score),
    script:
        "../scripts/score.py"
