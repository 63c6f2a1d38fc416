rule rooms:
    output:
        plan.rooms("{condition}", "{microphones}"),
    log:
        plan.path("logs", "rooms", "{microphones}", "{condition}.log"),
    benchmark:
        plan.path("logs", "rooms", "{microphones}", "{condition}.tsv")
    priority: 2  # trainings wait for them
    params:
        definition=of_wildcards(plan.rooms_definition),
        rooms=plan.config["rooms"],
        seed=plan.config["seed"],
        fs=plan.config["fs"],
        digest=of_wildcards(plan.digests.rooms),
    script:
        "../scripts/rooms.py"
