"""`cocktail ui`: the results in MLflow."""

import sys

import click


@click.command(short_help="Open the results in MLflow: tables, examples to hear, spectrograms.")
@click.argument("suite", default="quick")
@click.option("--results", help="Folder of the results, instead of the suite's.")
@click.option("--port", default=5000, show_default=True, help="Port on this machine; other machines cannot reach it.")
def command(suite, results, port):
    """Serve the results of SUITE, and of all suites beside it, in MLflow on http://127.0.0.1:PORT until Ctrl-C.

    An experiment is a suite and a condition, a run is a method. Nothing is sent or fetched from outside. Where
    MLFLOW_TRACKING_URI names a database, that is served; where it names a server, its address is printed.

    \b
      cocktail ui
      cocktail ui my-suite.yaml --port 8080
    """
    from cocktail.tracking.log import ui
    from cocktail.workflow.suite import load_suite

    sys.exit(ui(results or load_suite(suite)["results"], port=port))
