"""`python -m cocktail` is the command `cocktail`."""

from cocktail.cli import main

main(prog_name="cocktail")
