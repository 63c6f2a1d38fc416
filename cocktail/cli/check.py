"""`cocktail check`: the conformance suite on one method."""

import sys

import click

from cocktail.cli._options import Number, methods_option


@click.command(short_help="Probe whether a method keeps the contract.")
@click.argument("name")
@methods_option
@click.option(
    "--long",
    "long_s",
    type=Number(0.1, 36000),
    default=60.0,
    show_default=True,
    help="Length in seconds of the long signal.",
)
@click.option(
    "--limit",
    "limit_s",
    type=Number(0, 1e6, min_open=True),
    default=120.0,
    show_default=True,
    help="Seconds that a single probe may take.",
)
@click.option("--suite", default="tiny", show_default=True, help="The suite whose parameters a trained method gets.")
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="cpu or cuda, for a method that needs `gpu`.",
)
def command(name, folders, long_s, limit_s, suite, device):
    """Probe whether a method keeps the contract, on synthetic sound; seconds for most.

    NAME is an entry (`cocktail list methods`) or a plugin. The probes: silence, direct current, 0.1 s, 60 s, clipping,
    44.1 kHz, more channels, dependent channels (dead, equal, inverted, 60 dB apart, the mean of others), NaN, levels
    from 1e-3 to 100, the input left alone, the same result twice, `batch` equal to the loop, how far the method looks
    ahead, and a round trip of training where there is any, at the sizes of `--suite` and after the training of what the
    entry uses. Exits with 1 when a probe fails.

    \b
      cocktail check omlsa
      cocktail check my-gate --methods ~/my-methods
    """
    from rich.console import Console
    from rich.text import Text

    from cocktail.errors import CocktailError, PluginError
    from cocktail.plugins.registry import Registry
    from cocktail.testing.conformance import probe_method
    from cocktail.testing.entries import probed

    console = Console(highlight=False)
    registry = Registry(folders)
    try:
        method = probed(find(name, registry), registry, suite)
    except PluginError as error:
        raise CocktailError(f"'{name}': {error}") from error
    count = failures = 0
    for probe in probe_method(method, long_s=long_s, time_limit_s=limit_s, device=device):
        count += 1
        failures += not probe.ok
        mark, style = ("✓", "green") if probe.ok else ("✗", "bold red")
        line = Text.assemble((f"{mark} ", style), f"{probe.name:<30} ", (probe.message, "dim" if probe.ok else "red"))
        console.print(line, soft_wrap=True)
    if failures:
        console.print(f"{name}: {failures} of {count} probes failed", style="bold red")
        sys.exit(1)
    console.print(f"{name}: all {count} probes passed", style="bold green")


def find(name, registry):
    """The entry called `name`, or an entry with the defaults of the plugin called so."""
    from cocktail.plugins.entry import Entry

    plugin = registry.plugins.get(name.replace("-", "_"))
    if name not in registry.entries and plugin:
        return Entry(name, plugin, {}, str(plugin.path))
    return registry.entry(name)
