rule corpora:
    output:
        speech=plan.speech,
        noise=plan.noise,
    log:
        plan.path("logs", "corpora.log"),
    benchmark:
        plan.path("logs", "corpora.tsv")
    params:
        parts=plan.config["corpora"],
        seed=plan.config["seed"],
        fs=plan.config["fs"],
        digest=plan.corpora_digest,
    script:
        "../scripts/corpora.py"
