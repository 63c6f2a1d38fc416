"""Shards of a condition's scenes: drawn and rendered (cocktail.drawing), or the publisher's own (cocktail.given)."""


def shard_names(scenes: int, size: int) -> list[str]:
    """Names of the shards of so many scenes."""
    return [f"{shard:03d}" for shard in range(-(-scenes // size))]


def shard_indices(shard: str, scenes: int, size: int) -> range:
    """Scenes of a shard."""
    first = int(shard) * size
    return range(first, min(first + size, scenes))


def module_of(definition: dict) -> str:
    """The module that makes the scenes of a condition."""
    return "cocktail.given" if definition.get("given") else "cocktail.drawing"


def make_shard(*, definition: dict, **options) -> None:
    """Make a shard; arguments as in cocktail.drawing.make_shard."""
    from cocktail import drawing, given

    (given if definition.get("given") else drawing).make_shard(definition=definition, **options)
