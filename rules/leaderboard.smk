rule leaderboard:
    input:
        scores=list(plan.all_scores()),
        references=list(plan.all_references()),
    output:
        scores=board("scores.parquet"),
        leaderboard=report(board("leaderboard.csv"), category="Leaderboards"),
        scenes=board("scenes.parquet"),
        entries=board("entries.json"),
    log:
        plan.path("logs", "leaderboard.log"),
    benchmark:
        plan.path("logs", "leaderboard.tsv")
    params:
        folder=str(plan.folder),
        absent=[vars(cell) for cell in plan.absent],
        entries=plan.cards(),
        seed=plan.config["seed"],
        resamples=plan.config["resamples"],
        digest=of_wildcards(plan.digests.board),
    script:
        "../scripts/leaderboard.py"


rule track:
    input:
        scores=board("scores.parquet"),
        leaderboard=board("leaderboard.csv"),
        entries=board("entries.json"),
        page=board("report", "index.html"),
        brought=plan.brought(storage_used),
    output:
        board("mlflow.json"),
    log:
        plan.path("logs", "track.log"),
    benchmark:
        plan.path("logs", "track.tsv")
    params:
        folder=str(plan.folder),
        suite_digest=plan.digests.suite(),
        trained=plan.trained_models(),
        keep=plan.config["keep"],
        state=plan.store_state,
        digest=of_wildcards(plan.digests.track),
    script:
        "../scripts/track.py"
