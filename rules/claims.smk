rule claims:
    input:
        scores=board("scores.parquet"),
        scenes=board("scenes.parquet"),
        entries=board("entries.json"),
    output:
        board("claims.csv"),
    log:
        plan.board("logs", "claims.log"),
    benchmark:
        plan.board("logs", "claims.tsv")
    params:
        seed=plan.config["seed"],
        resamples=plan.config["resamples"],
        digest=of_wildcards(plan.digests.claims),
    script:
        "../scripts/claims.py"
