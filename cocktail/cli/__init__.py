"""The command `cocktail`. Each module of this package is one command, imported when it is called or helped with."""

import importlib
import pkgutil
import sys

import click

from cocktail import __version__
from cocktail.errors import CocktailError, escaped

ERROR = 2
"""Exit status after an error of the user's, which is printed as one message."""


class Commands(click.Group):
    """A group whose commands are the modules of this package; each holds a click command called `command`."""

    def list_commands(self, ctx):
        return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))

    def get_command(self, ctx, name):
        if name not in self.list_commands(ctx):
            return None
        return importlib.import_module(f"{__name__}.{name}").command

    def invoke(self, ctx):
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="backslashreplace")  # for names of files that are no text
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader, such as `head`, has ended: click ends without a message
            raise
        except (CocktailError, OSError) as error:
            click.secho(f"Error: {_message(error)}", fg="red", err=True)
            return ctx.exit(ERROR)


def _message(error):
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return escaped(text)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cocktail")
def main():
    """A benchmark of speech enhancement, separation and anti-spoofing.

    \b
      cocktail run quick                     render, process, score, rank; minutes on two cores
      cocktail leaderboard quick             the tables of that run
      cocktail status quick                  how far a run is
      cocktail tune omlsa --on quick ...     which values of its fields are best, without the test scenes
      cocktail claims quick                  which claims of the literature hold in it
      cocktail ui                            the same in MLflow, with examples to hear
      cocktail new my-gate                   a method of your own: one file
      cocktail check my-gate                 whether it keeps the contract
      cocktail process omlsa in.wav out.wav  a recording of your own

    A suite is a name (`cocktail list suites`) or a YAML file. Results lie under results/<suite>/.
    """
