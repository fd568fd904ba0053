"""Generated code satisfies type checkers and linters."""

import subprocess

import pytest

from ai_spine.sdk_sync.generators.python import attrs_models, pydantic_models
from ai_spine.sdk_sync.generators.python.formatting import (
    format_files,
    formatted,
    ruff_path,
)
from ai_spine.sdk_sync.generators.python.plan import plan_models
from ai_spine.sdk_sync.generators.python.syntax import source_of
from tests.sdk_sync.generators.python.sample import sample
from tests.sdk_sync.generators.python.support import check_types

USE = """
from {name} import Cat, Order
from ai_spine.sdk_sync.runtime.{runtime} import from_json, to_json

order = Order(id="1", note=None, class_="x", pets=[Cat(kind="cat")])
kind: str = order.id
again: Order = from_json(Order, to_json(order))
"""


def code_of(emitter):
    code = source_of(emitter.emit(plan_models(sample())))
    return format_files({"m.py": code.encode("utf-8")})["m.py"].decode("utf-8")


def test_it_satisfies_mypy_in_strict_mode(tmp_path):
    for name, emitter in (("models", pydantic_models), ("attrs_models", attrs_models)):
        (tmp_path / f"m_{name}.py").write_text(code_of(emitter), "utf-8")
        use = USE.format(name=f"m_{name}", runtime=name)
        (tmp_path / f"use_{name}.py").write_text(use, "utf-8")
    check_types(*sorted(tmp_path.glob("*.py")))


@pytest.mark.skipif(ruff_path() is None, reason="ruff formats and checks")
@pytest.mark.parametrize("emitter", [pydantic_models, attrs_models])
def test_it_satisfies_ruff(tmp_path, emitter):
    options = ["--isolated", "--line-length=100", "--select=E,F,W,I,B,A001"]
    command = [ruff_path(), "check", *options, "-"]
    code = code_of(emitter).encode("utf-8")
    done = subprocess.run(
        command, input=code, capture_output=True, timeout=60, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout.decode("utf-8")


def test_code_that_ruff_cannot_read_stays_as_it_is():
    assert formatted("class") == "class"


def test_without_ruff_code_stays_as_it_is(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    assert formatted("a  =  1\n") == "a  =  1\n"
