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
        closed=plan.closed,
        digest=of_wildcards(plan.digests.corpora),
    script:
        "../scripts/corpora.py"


rule spoofs:
    input:
        speech=rules.corpora.output.speech,
    output:
        plan.spoofs,
    log:
        plan.path("logs", "spoofs.log"),
    benchmark:
        plan.path("logs", "spoofs.tsv")
    priority: 2  # trainings wait for it
    params:
        counts=plan.spoof_counts(),
        seed=plan.config["seed"],
        fs=plan.config["fs"],
        digest=of_wildcards(plan.digests.spoofs),
    script:
        "../scripts/spoofs.py"


rule adversary:
    input:
        unpack(of_wildcards(plan.adversary_input)),
    output:
        plan.attacked("{entry}"),
    log:
        plan.path("logs", "adversary", "{entry}.log"),
    benchmark:
        plan.path("logs", "adversary", "{entry}.tsv")
    params:
        spec=of_wildcards(plan.spec),
        suite=plan.suite,
        seed=plan.config["seed"],
        fs=plan.config["fs"],
        digest=of_wildcards(plan.digests.adversary),
    script:
        "../scripts/adversary.py"


rule attacker:
    input:
        unpack(of_wildcards(plan.attacker_input)),
        speech=rules.corpora.output.speech,
    output:
        plan.forged("{entry}"),
    log:
        plan.path("logs", "attacker", "{entry}.log"),
    benchmark:
        plan.path("logs", "attacker", "{entry}.tsv")
    params:
        spec=of_wildcards(plan.spec),
        bases=of_wildcards(plan.base_specs),
        counts=of_wildcards(plan.attacker_counts),
        suite=plan.suite,
        seed=plan.config["seed"],
        fs=plan.config["fs"],
        digest=of_wildcards(plan.digests.attacker),
    script:
        "../scripts/attacker.py"
