"""What the user did wrong, or what the surroundings lack: said in one message, without a traceback."""


class CocktailError(Exception):
    """An error for the user: says what was wrong, where, and what would be right."""


class AccessError(CocktailError):
    """A method reached for something that its paradigm or its `needs` does not grant."""
