"""The commands of the specification do what it says, and have its options and defaults."""

import re
from pathlib import Path

import click
import pytest
import yaml

from ai_spine.cli.main import cli
from ai_spine.sdk_sync.ir import IRModel, IRSpec, IRType
from ai_spine.sdk_sync.registry import SchemaRegistry
from tests.needs import needs
from tests.sdk_sync.seed.page import BLOCKS, V1, Page, commands, field, files_in

pytestmark = needs("pydantic")
ROOT = Path(__file__).parents[3]
UNSET = None
# The two tables of options; what has no default is `None`.
PYTHON_OPTIONS = {
    "--backend": UNSET,
    "--schema-dir": UNSET,
    "--spec-file": UNSET,
    "--out": "./sdk",
    "--package-name": UNSET,  # n3_sdk for ./sdk, otherwise the name of the folder
    "--base-url": UNSET,  # the backend, or http://localhost:8000
    "--version": "1.0.0",
    "--strict": False,
    "--no-format": False,
    "--save-spec": UNSET,
    "--verbose": False,
}
BUILD_OPTIONS = {
    "--build-backend": False,
    "--backend-out": "backend",
    "--export-schemas": False,
    "--schema-version": "1.0.0",
}
SHA = "3d3c42e5aac5ba805825da76410c181273ba90b1"


@pytest.fixture
def spec(here):
    """The specification of the blocks, in `spec.json` and in a folder of schemas."""
    made = Page().with_tool()["spec"]
    (here / "spec.json").write_text(made.to_json())
    registry = SchemaRegistry()
    registry.import_spec(made)
    registry.save(here / "build" / "schemas")
    (here / "backend" / "generated" / "schemas").mkdir(parents=True)
    (here / "backend" / "generated" / "schemas" / "spec.json").write_text(
        made.to_json()
    )
    return made


def text_of(path):
    return path.read_text("utf-8")


def parts_of(folder):
    return {path.rpartition("/")[2] for path in files_in(folder)}


# Options


@pytest.mark.parametrize(
    "words, options",
    [(["sdk-sync", "python"], PYTHON_OPTIONS), (["build"], BUILD_OPTIONS)],
    ids=["sdk-sync python", "build"],
)
def test_a_command_has_the_options_and_their_defaults(words, options):
    command = cli
    for word in words:
        command = command.commands[word]
    context = click.Context(command)
    known = {
        name: parameter.get_default(context)
        for parameter in command.params
        for name in parameter.opts
    }
    assert set(options) <= set(known)
    defaults = {name: value for name, value in options.items() if value is not UNSET}
    assert {name: known[name] for name in defaults} == defaults
    assert not any(
        isinstance(known[name], (str, bool)) for name in set(options) - set(defaults)
    )


def test_help_is_there(invoke):
    assert invoke("sdk-sync", "--help").exit_code == 0
    shown = invoke("sdk-sync", "python", "--help").stdout
    assert [name for name in PYTHON_OPTIONS if name not in shown] == []
    assert "ai-spine sdk-sync python [OPTIONS]" in shown
    assert "build [OPTIONS]" in invoke("build", "--help").stdout


# sdk-sync python


def test_a_package_is_generated_from_each_source(run, spec, backend, here):
    outcomes = run("commands: sources", backend.url)
    assert len(outcomes) == 3
    # The last has replaced the others; without a name, the package of ./sdk is n3_sdk.
    assert (here / "sdk" / "n3_sdk" / "models.py").exists()
    assert not (here / "sdk" / "my_sdk").exists()
    clients = text_of(here / "sdk" / "n3_sdk" / "clients.py")
    assert 'base_url: str = "http://localhost:8000"' in clients


@pytest.mark.parametrize(
    "number, package", [(0, "my_sdk"), (1, "n3_sdk"), (2, "n3_sdk")]
)
def test_each_source_has_the_client_and_the_models(
    invoke, spec, backend, here, number, package
):
    words = commands("commands: sources", backend.url)[number]
    assert invoke(*words).exit_code == 0
    assert "class SearchClient:" in text_of(here / "sdk" / package / "clients.py")
    assert "class SearchInput(BaseModel):" in text_of(
        here / "sdk" / package / "models.py"
    )


def test_advanced_options_are_used_and_a_saved_spec_can_be_read_again(
    run, invoke, backend, here
):
    run("commands: advanced", backend.url)
    folder = here / "my_sdk"
    assert 'base_url: str = "http://api.example.com"' in text_of(
        folder / "my_n3_sdk" / "clients.py"
    )
    package = text_of(folder / "my_n3_sdk" / "__init__.py")
    assert '__version__ = "1.2.3"' in package and 'SCHEMA_VERSION = "1.0.0"' in package
    assert 'version = "1.2.3"' in text_of(folder / "pyproject.toml")
    assert set(IRSpec.from_json(text_of(here / "spec.json")).tools) == {
        "create_user",
        "search",
    }
    same = ("--spec-file", "spec.json", "--out", "./my_sdk", "--version", "1.2.3")
    names = ("--package-name", "my_n3_sdk", "--base-url", "http://api.example.com")
    checked = invoke("sdk-sync", "python", *same, *names, "--check")
    assert checked.exit_code == 0, checked.stdout


def test_the_other_options_are_used(invoke, spec, here):
    words = ("sdk-sync", "python", "--spec-file", "spec.json", "--no-format")
    outcome = invoke(*words, "--verbose")
    assert outcome.exit_code == 0
    assert "generating" in outcome.stderr and "formatting" not in outcome.stderr
    before = text_of(here / "sdk" / "n3_sdk" / "models.py")
    assert invoke(*words[:-1]).exit_code == 0
    assert text_of(here / "sdk" / "n3_sdk" / "models.py") != before


def test_strict_fails_and_says_what_cannot_be_typed(invoke, here):
    pet = IRModel("Pet", V1, [field("owner", IRType.REF, ref_name="Nobody")])
    (here / "spec.json").write_text(IRSpec(V1, models={"Pet": pet}).to_json())
    outcome = invoke("sdk-sync", "python", "--spec-file", "spec.json", "--strict")
    assert outcome.exit_code == 1 and "/models/Pet" in outcome.error
    assert "[SDK003]" in outcome.error and not (here / "sdk").exists()


def test_the_command_of_the_quick_reference_generates_a_package(run, backend, here):
    run("generate from the backend", backend.url)
    expected = {"__init__.py", "models.py", "clients.py", "exceptions.py", "README.md"}
    expected |= {"validation.py", "py.typed", "pyproject.toml", "spec.lock"}
    assert parts_of(here / "my_sdk") == expected


@pytest.mark.parametrize(
    "block", ["example: backend", "example: spec file", "example: schema dir"]
)
def test_an_example_generates_a_package_named_after_its_folder(
    run, spec, backend, here, block
):
    run(block, backend.url)
    clients = text_of(here / "client_sdk" / "client_sdk" / "clients.py")
    assert "class SearchClient:" in clients


# build


def test_a_backend_is_built_with_its_schemas(run, flows, here):
    run("build with schemas")
    routers = here / "backend" / "generated" / "routers"
    spec = IRSpec.from_json(
        text_of(here / "backend" / "generated" / "schemas" / "spec.json")
    )
    assert str(spec.version) == "1.0.0" and set(spec.tools) == {"search_users"}
    package = text_of(routers / "__init__.py")
    assert "metadata_router = metadata.router" in package
    assert re.search(r"GENERATED_ROUTERS = \(.*metadata_router.*\)", package)
    assert "router = metadata_router" in text_of(routers / "metadata.py")


def test_a_backend_is_built_with_all_options(run, flows, here):
    run("build: all options")
    path = here / "backend" / "generated" / "schemas" / "spec.json"
    assert str(IRSpec.from_json(text_of(path)).version) == "2.0.0"


# Other commands


def test_the_jobs_of_ci_run_with_a_version_and_refuse_a_hash(invoke, flows, here):
    steps = yaml.safe_load(BLOCKS["ci"])["jobs"]["sync"]["steps"]
    texts = [step["run"].replace("\\\n", " ") for step in steps if "run" in step]
    build, generate = (
        text.split()[1:] for text in texts if text.startswith("ai-spine ")
    )
    assert build.count("github.sha") == generate.count("github.sha") == 1

    def with_version(words, version):
        text = " ".join(words).replace("${{ github.sha }}", version)
        return text.split()

    for words in (build, generate):
        outcome = invoke(*with_version(words, "1.0.7"))
        assert outcome.exit_code == 0, outcome.stderr
    project = text_of(here / "sdk" / "python" / "pyproject.toml")
    assert 'version = "1.0.7"' in project
    refused = [invoke(*with_version(words, SHA)) for words in (build, generate)]
    assert [each.exit_code for each in refused] == [2, 2]
    assert "a version has three numbers, such as 1.2.3" in refused[0].error
    assert "the version of a package is such as 1.2.3" in refused[1].error


def test_the_tests_that_can_be_run_are_there():
    for words in commands("run tests"):
        (target,) = [word for word in words if word.startswith("tests/sdk_sync/")]
        path, _, name = target.partition("::")
        assert (ROOT / path).exists()
        assert not name or f"class {name}:" in text_of(ROOT / path)
