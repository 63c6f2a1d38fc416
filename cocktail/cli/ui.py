"""`cocktail ui`: the results in MLflow."""

import sys

import click


@click.command(short_help="Open the results in MLflow: tables, examples to hear, spectrograms.")
@click.option("--results", default="results", show_default=True, help="Folder of the results.")
@click.option("--port", default=5000, show_default=True, help="Port on this machine; nobody else can reach it.")
def command(results, port):
    """Serve the results of all suites in MLflow on http://127.0.0.1:PORT until Ctrl-C.

    An experiment is a suite and a condition, a run is a method. Nothing is sent or fetched from outside.

    \b
      cocktail ui
      cocktail ui --port 8080
    """
    from cocktail.tracking import ui

    sys.exit(ui(results, port=port))
