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
        plan.board("logs", "leaderboard.log"),
    benchmark:
        plan.board("logs", "leaderboard.tsv")
    params:
        folder=str(plan.boards),
        kept_scores=plan.contents.kept_scores,
        kept_references=plan.contents.kept_references,
        absent=plan.contents.absent,
        entries=plan.contents.cards(),
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
        plan.board("logs", "track.log"),
    benchmark:
        plan.board("logs", "track.tsv")
    params:
        folder=str(plan.folder),
        suite_digest=plan.digests.suite(),
        trained=plan.trained_models(),
        keep=plan.config["keep"],
        state=plan.store_state,
        digest=of_wildcards(plan.digests.track),
    script:
        "../scripts/track.py"
