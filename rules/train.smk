rule train:
    input:
        unpack(plan.base_input),
        unpack(plan.train_spoofs),
        speech=rules.corpora.output.speech,
        noise=rules.corpora.output.noise,
        rooms=plan.train_rooms,
    output:
        directory(plan.model("{entry}")),
    log:
        plan.path("logs", "train", "{entry}.log"),
    benchmark:
        plan.path("logs", "train", "{entry}.tsv")
    priority: 1  # the longest jobs first
    resources:
        gpu=plan.gpu,
    params:
        spec=plan.spec,
        base=plan.base_spec,
        conditions=plan.train_conditions,
        suite=plan.suite,
        device=plan.device,
        seed=plan.config["seed"],
        fs=plan.config["fs"],
        limit_s=plan.config["train_limit_s"],
        digest=plan.train_digest,
    script:
        "../scripts/train.py"
