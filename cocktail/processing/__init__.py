"""Running one entry: on a shard of scenes, or on somebody's own recording."""
