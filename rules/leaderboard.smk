rule leaderboard:
    input:
        list(plan.all_scores()),
    output:
        scores=plan.path("scores.parquet"),
        leaderboard=plan.path("leaderboard.csv"),
    log:
        plan.path("logs", "leaderboard.log"),
    benchmark:
        plan.path("logs", "leaderboard.tsv")
    params:
        absent=[vars(cell) for cell in plan.absent],
        bounds=plan.bounds(),
        seed=plan.config["seed"],
        resamples=plan.config["resamples"],
        digest=plan.board_digest,
    script:
        "../scripts/leaderboard.py"


rule track:
    input:
        scores=rules.leaderboard.output.scores,
        leaderboard=rules.leaderboard.output.leaderboard,
    output:
        plan.path("mlflow.json"),
    log:
        plan.path("logs", "track.log"),
    benchmark:
        plan.path("logs", "track.tsv")
    params:
        folder=str(plan.folder),
        suite_digest=plan.suite_digest(),
        cards=plan.cards(),
        keep=plan.config["keep"],
        digest=plan.track_digest,
    script:
        "../scripts/track.py"
