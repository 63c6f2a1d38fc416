"""`cocktail ui`: the results in MLflow."""

import sys

import click


@click.command(short_help="Open the results in MLflow: tables, examples to hear, spectrograms.")
@click.argument("suite", default="quick")
@click.option("--results", help="Folder of the results, instead of the suite's.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=5000,
    show_default=True,
    help="Port on this machine; other machines cannot reach it.",
)
@click.option("--no-browser", is_flag=True, help="Print the addresses of the boards, and open none.")
def command(suite, results, port, no_browser):
    """Serve the results of SUITE, and of all suites beside it, in MLflow on http://127.0.0.1:PORT until Ctrl-C.

    An experiment is a suite and a condition, a run is a method. The address of every board is printed, and the first is
    opened: its entries with the main metrics, the best on top. Nothing is sent or fetched from outside, and MLflow's
    telemetry is off. Where MLFLOW_TRACKING_URI names a database, that is served; where it names a server, the addresses
    there are printed.

    \b
      cocktail ui
      cocktail ui my-suite.yaml --port 8080
    """
    from cocktail.tracking.serve import ui
    from cocktail.workflow.suite import load_suite

    config = load_suite(suite)
    sys.exit(ui(results or config["results"], suite=config["suite"], port=port, browser=not no_browser))
