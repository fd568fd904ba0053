"""`verify_package` and `sdk-sync verify`: what is right passes, and what is wrong is named."""

import json
import shutil

import pytest
from click.testing import CliRunner

from ai_spine.cli.main import cli
from ai_spine.sdk_sync.errors import CodegenError, ConfigError
from ai_spine.sdk_sync.verifying.verification import verify_package
from tests.needs import needs
from tests.sdk_sync.generated.packages import DOCUMENTS, generated

pytestmark = [needs("openapi_core"), needs("aiohttp"), needs("attrs")]


@pytest.fixture
def copied(tmp_path):
    """Return a function that copies the package of a document, to be changed."""

    def copied(name):
        out = generated(name).output_dir
        shutil.copytree(out, tmp_path / "out")
        return tmp_path / "out"

    return copied


def changed(out, path, before, after):
    """Change a file of a package."""
    (file,) = out.glob(path)
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize(
    "name, models",
    [
        ("answers", "attrs"),
        ("bodies", "attrs"),
        ("bodies", "pydantic"),
        ("parameters", "pydantic"),
        ("security", "attrs"),
    ],
)
def test_a_package_as_it_was_generated_passes(name, models):
    generator = generated(name, models)
    out = generator.output_dir
    found = verify_package(out, DOCUMENTS / f"{name}.yaml", types=False)
    assert found.failures == []
    assert found.passed == found.operations == generator.operation_count
    assert found.calls >= 4 * found.operations
    assert found.type_errors is None and found.is_good
    assert found.import_ms > 0 and found.first_call_ms > 0


@pytest.mark.usefixtures("in_this_process")
def test_an_operation_that_calls_another_path_is_named(copied):
    out = copied("answers")
    changed(out, "*/api/answers.py", "'/several'", "'/severed'")
    found = verify_package(out, DOCUMENTS / "answers.yaml", types=False)
    assert {each.operation for each in found.failures} == {"answers.get_several"}
    said = str(found.failures[0])
    assert "sync: GET /severed is no operation of the document" in said
    assert found.passed == found.operations - 1 and not found.is_good


@pytest.mark.usefixtures("in_this_process")
def test_a_parameter_that_is_lost_is_named(copied):
    out = copied("parameters")
    changed(out, "*/api/others.py", "'X-Count'", "'X-Amount'")
    found = verify_package(out, DOCUMENTS / "parameters.yaml", types=False)
    assert [str(each) for each in found.failures] == [
        f"others.get_headers: {mode}: it did not send the header parameter 'X-Count'"
        for mode in ("sync", "async")
    ]


@pytest.mark.usefixtures("in_this_process")
def test_a_model_of_another_type_is_named(copied):
    out = copied("bodies")
    changed(out, "*/models/thing.py", "name: str", "name: int")
    found = verify_package(out, DOCUMENTS / "bodies.yaml", types=False)
    assert {each.operation for each in found.failures} > {"bodies.send_required"}


def test_code_that_is_none_is_not_run(copied):
    out = copied("answers")
    changed(out, "*/client.py", "class Client", "class 5 Client")
    found = verify_package(out, DOCUMENTS / "answers.yaml", types=False)
    assert "it is no Python: " in found.failures[0].sentence
    assert found.calls == 0


def test_a_package_that_cannot_be_imported_is_said(copied):
    out = copied("answers")
    changed(out, "*/client.py", "class Client", "raise OSError('no')\nclass Client")
    with pytest.raises(CodegenError, match="cannot be used: OSError: no"):
        verify_package(out, DOCUMENTS / "answers.yaml", types=False)


def test_a_package_of_another_document_is_said():
    out = generated("answers").output_dir
    found = verify_package(out, DOCUMENTS / "bodies.yaml", types=False)
    assert "another version of the document" in found.failures[0].sentence


def test_a_folder_without_a_package_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="has no package"):
        verify_package(tmp_path, DOCUMENTS / "bodies.yaml")


def run(*words):
    return CliRunner().invoke(cli, ["sdk-sync", "verify", *map(str, words)])


def test_the_command_says_how_many_passed():
    out = generated("security").output_dir
    document = DOCUMENTS / "security.yaml"
    done = run(out, "--spec-file", document, "--no-types")
    assert done.exit_code == 0, done.output
    assert "11 of 11 operations passed" in done.output


@pytest.mark.usefixtures("in_this_process")
def test_the_command_names_what_is_wrong_and_exits_with_1(copied):
    out = copied("security")
    changed(out, "*/api/keys.py", "'/header'", "'/heather'")
    document = DOCUMENTS / "security.yaml"
    done = run(out, "--spec-file", document, "--no-types", "--verbose")
    assert done.exit_code == 1
    assert "keys.use_header" in done.output and "/heather" in done.output
    words = ["--output", "json", "sdk-sync", "verify", str(out), "--spec-file"]
    done = CliRunner().invoke(cli, [*words, str(document), "--no-types"])
    assert json.loads(done.stdout)["passed"] == 10


@pytest.mark.usefixtures("in_this_process")
def test_types_are_checked_where_mypy_is(copied, monkeypatch):
    from ai_spine.sdk_sync.verifying import verification

    asked = []
    for answer in (["a.py:1: error: no"], [], None):

        def check(out, package, cache, answer=answer):
            asked.append(package)
            return answer

        monkeypatch.setattr(verification, "type_errors", check)
        out = generated("security").output_dir
        done = run(out, "--spec-file", DOCUMENTS / "security.yaml")
        assert done.exit_code == (1 if answer else 0)
        words = (
            "mypy is not installed" if answer is None else f"{len(answer)} type error"
        )
        assert words in done.output
    assert len(asked) == 3
