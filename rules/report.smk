rule report:
    input:
        leaderboard=board("leaderboard.csv"),
        scores=board("scores.parquet"),
        scenes=board("scenes.parquet"),
        entries=board("entries.json"),
        claims=board("claims.csv"),
        brought=plan.brought(storage_used),
        against=[local(path) for path in plan.scores_against()],
    output:
        board("report", "index.html"),
    log:
        plan.board("logs", "report.log"),
    benchmark:
        plan.board("logs", "report.tsv")
    params:
        folder=str(plan.folder),
        boards=str(plan.boards),
        split=plan.split,
        conditions=plan.contents.condition_cards(),
        about=plan.about(),
        detector=plan.detector,
        against=plan.against(),
        seed=plan.config["seed"],
        resamples=plan.config["resamples"],
        digest=of_wildcards(plan.digests.report),
    script:
        "../scripts/report.py"
