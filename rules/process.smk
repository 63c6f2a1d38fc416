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
        gpu=plan.gpus,
    params:
        run=plan.run,
        suite=plan.suite,
        seed=plan.config["seed"],
        limit_s=plan.config["time_limit_s"],
        digest=plan.process_digest,
    script:
        "../scripts/process.py"
