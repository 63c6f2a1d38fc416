"""What the project says of itself in several places agrees, and listing is light."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from cocktail import ROOT, __version__
from cocktail.plugins.registry import Registry
from cocktail.workflow.suite import suites


def _canonical(name):
    return re.sub("[-_.]+", "-", name).lower()


def _pins(lines):
    found = (re.fullmatch(r"([\w.-]+)==(\S+)", line.strip()) for line in lines)
    return {_canonical(match[1]): match[2] for match in found if match}


def _project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def _direct():
    project = _project()
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["dev"], *extras["docs"]]
    return {_canonical(re.match(r"[\w.-]+", line)[0]) for line in wanted}


def _constraints():
    return _pins((ROOT / "constraints.txt").read_text().splitlines())


def _environment():
    pip = next(part for part in yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"] if "pip" in part
               and isinstance(part, dict))  # fmt: skip
    return _pins(pip["pip"])


def test_environment_pins_the_direct_dependencies_as_constraints_do():
    constraints = _constraints()
    assert _environment() == {name: constraints[name] for name in _direct()}


def test_constraints_name_no_host_and_no_build():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert len(_pins(lines)) == len(lines)
    assert not any("+" in version for version in _pins(lines).values())


def test_every_package_that_is_imported_is_declared():
    distributions = importlib.metadata.packages_distributions()
    own = {"benchmarks", "cocktail", "pages", *(path.stem for path in (ROOT / "tests" / "helpers").glob("*.py"))}
    for folder in ("cocktail", "methods", "scripts", "benchmarks", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for name in _imported(path) - own - sys.stdlib_module_names:
                found = {_canonical(distribution) for distribution in distributions.get(name, [name])}
                assert found & _direct(), f"{path.relative_to(ROOT)} imports {name}"


def _imported(path):
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0]
    return {name.split(".")[0] for name in names}


def test_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert _project()["version"] == citation["version"] == __version__


def test_every_plugin_has_an_entry_and_imports():
    entries = Registry().entries.values()
    assert {entry.error for entry in entries} == {None}
    assert {entry.plugin.name for entry in entries} == set(Registry().plugins)


HEAVY = {
    "torch",
    "scipy.signal",
    "scipy.special",
    "pandas",
    "mlflow",
    "pyroomacoustics",
    "pystoi",
    "mir_eval",
    "snakemake",
}


@pytest.mark.parametrize("arguments", [["--help"], ["list", "methods"], ["list", "metrics"], ["check", "--help"]])
def test_listing_imports_nothing_heavy(arguments):
    code = (
        "import sys; from cocktail.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "print('\\n' + ' '.join(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert not HEAVY & set(result.stdout.splitlines()[-1].split())


def test_nothing_but_tracking_imports_mlflow_and_nothing_snakemake():
    for path in sorted((ROOT / "cocktail").rglob("*.py")):
        text = path.read_text()
        assert not re.search(r"^\s*(import|from) snakemake\b", text, re.MULTILINE), path
        if path.parent.name != "tracking":
            assert not re.search(r"^\s*(import|from) mlflow\b", text, re.MULTILINE), path


def test_every_module_says_what_it_is():
    for folder in ("cocktail", "methods", "scripts", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            assert path.read_text().lstrip().startswith('"""'), path


def test_the_page_of_suites_names_every_suite():
    text = (ROOT / "docs" / "suites.md").read_text()
    assert [name for name in suites() if f"`{name}`" not in text] == []


def test_links_between_documents_lead_somewhere():
    for document in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_continuous_integration_script_is_a_program():
    script = Path(ROOT / ".ci" / "run")
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_tests_of_a_file_share_a_worker(request):
    """pytest-xdist appends a test's group to its id. With pytest 9.2 it does not, and says nothing."""
    grouped = request.config.getoption("loadgroup", default=False)
    assert not grouped or request.node.nodeid.endswith("@test_house")
