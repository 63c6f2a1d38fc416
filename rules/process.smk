rule process:
    input:
        unpack(plan.process_input),
    output:
        plan.estimates("{condition}", "{entry}", "{shard}"),
    log:
        plan.path("logs", "process", "{condition}", "{entry}", "{shard}.log"),
    benchmark:
        plan.path("logs", "process", "{condition}", "{entry}", "{shard}.tsv")
    resources:
        gpu=plan.gpu,
    params:
        spec=plan.spec,
        base=plan.base_spec,
        suite=plan.suite,
        seed=plan.config["seed"],
        limit_s=plan.config["time_limit_s"],
        device=plan.device,
        recogniser=plan.recogniser,
        digest=plan.process_digest,
    script:
        "../scripts/process.py"
