rule rooms:
    output:
        plan.rooms("{condition}"),
    log:
        plan.path("logs", "rooms", "{condition}.log"),
    benchmark:
        plan.path("logs", "rooms", "{condition}.tsv")
    priority: 2  # trainings wait for them
    params:
        definition=plan.rooms_definition,
        rooms=plan.config["rooms"],
        seed=plan.config["seed"],
        fs=plan.config["fs"],
        digest=plan.rooms_digest,
    script:
        "../scripts/rooms.py"
