rule report:
    input:
        leaderboard=rules.leaderboard.output.leaderboard,
        scores=rules.leaderboard.output.scores,
        scenes=rules.leaderboard.output.scenes,
        entries=rules.leaderboard.output.entries,
        claims=rules.claims.output,
    output:
        plan.path("report", "index.html"),
    log:
        plan.path("logs", "report.log"),
    benchmark:
        plan.path("logs", "report.tsv")
    params:
        folder=str(plan.folder),
        conditions=plan.condition_cards(),
        seed=plan.config["seed"],
        resamples=plan.config["resamples"],
        digest=plan.report_digest,
    script:
        "../scripts/report.py"
