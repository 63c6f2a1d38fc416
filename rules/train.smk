rule train:
    input:
        speech=rules.corpora.output.speech,
        noise=rules.corpora.output.noise,
    output:
        directory(plan.model("{entry}")),
    log:
        plan.path("logs", "train", "{entry}.log"),
    benchmark:
        plan.path("logs", "train", "{entry}.tsv")
    resources:
        gpu=plan.gpu,
    params:
        spec=plan.spec,
        seed=plan.config["seed"],
        fs=plan.config["fs"],
        limit_s=plan.config["train_limit_s"],
        digest=plan.train_digest,
    script:
        "../scripts/train.py"
