rule train:
    input:
        unpack(of_wildcards(plan.train_models)),
        unpack(of_wildcards(plan.train_spoofs)),
        unpack(of_wildcards(plan.train_reads)),
        speech=rules.corpora.output.speech,
        noise=rules.corpora.output.noise,
        rooms=of_wildcards(plan.train_rooms),
    output:
        directory(plan.path("models", "{entry}")),
    log:
        plan.path("logs", "train", "{entry}.log"),
    benchmark:
        plan.path("logs", "train", "{entry}.tsv")
    priority: 1  # the longest jobs first
    resources:
        gpu=of_wildcards(plan.gpu),
    params:
        spec=of_wildcards(plan.train_spec),
        bases=of_wildcards(plan.base_specs),
        start=of_wildcards(plan.start_spec),
        reads=of_wildcards(plan.reads),
        conditions=of_wildcards(plan.train_conditions),
        trained_on=of_wildcards(plan.trained_on),
        suite=plan.suite,
        device=of_wildcards(plan.device),
        recogniser=of_wildcards(plan.recogniser),
        seed=plan.config["seed"],
        fs=plan.config["fs"],
        limit_s=plan.config["train_limit_s"],
        digest=of_wildcards(plan.digests.train),
    script:
        "../scripts/train.py"
