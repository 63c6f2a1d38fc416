rule retrain:
    input:
        unpack(of_wildcards(plan.retraining.fit_input)),
    output:
        directory(plan.retraining.model("{entry}")),
    log:
        plan.path("logs", "retrain", "{entry}.log"),
    benchmark:
        plan.path("logs", "retrain", "{entry}.tsv")
    resources:
        gpu=plan.retraining.gpu,
    params:
        spec=plan.retraining.spec,
        bases=plan.base_specs(plan.retraining.recogniser),
        start=plan.start_spec(plan.retraining.recogniser),
        suite=plan.suite,
        device=plan.config["device"],
        seed=plan.config["seed"],
        fs=plan.config["fs"],
        limit_s=plan.config["train_limit_s"],
        digest=of_wildcards(plan.retraining.fit_digest),
    script:
        "../scripts/retrain.py"
