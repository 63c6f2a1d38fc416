rule process:
    input:
        unpack(of_wildcards(plan.process_input)),
    output:
        plan.estimates("{condition}", "{entry}", "{shard}", "{split}"),
    log:
        plan.path("logs", "process", "{condition}", "{split}", "{entry}", "{shard}.log"),
    benchmark:
        plan.path("logs", "process", "{condition}", "{split}", "{entry}", "{shard}.tsv")
    resources:
        gpu=of_wildcards(plan.gpu) if plan.has_gpu else 0,
    params:
        run=of_wildcards(plan.run),
        reads=of_wildcards(plan.reads),
        suite=plan.suite,
        seed=plan.config["seed"],
        limit_s=plan.config["time_limit_s"],
        digest=of_wildcards(plan.digests.process),
    script:
        "../scripts/process.py"
