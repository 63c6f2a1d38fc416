rule claims:
    input:
        scores=rules.leaderboard.output.scores,
        entries=rules.leaderboard.output.entries,
    output:
        plan.path("claims.csv"),
    log:
        plan.path("logs", "claims.log"),
    benchmark:
        plan.path("logs", "claims.tsv")
    params:
        seed=plan.config["seed"],
        resamples=plan.config["resamples"],
        digest=plan.claims_digest,
    script:
        "../scripts/claims.py"
