"""The modules of models: what is imported when, and what type checkers say."""

import ast
import copy
import importlib
import pickle
import subprocess
import sys

import pytest

from ai_spine.sdk_sync.generators.python.models import REQUEST, RESPONSE
from tests.sdk_sync.generators.python.models.support import (
    STYLES,
    Package,
    obj,
    plan_of,
    ref,
    written,
)
from tests.sdk_sync.generators.python.support import check_types

TEXT = {"type": "string"}
SCHEMAS = {
    "Run": obj(
        ["id", "tier", "step"],
        id={"type": "string", "format": "uuid"},
        tier=ref("Tier"),
        step=ref("Step"),
        at={"type": ["string", "null"], "format": "date-time"},
        on={"type": "string", "format": "date", "default": "2026-01-01"},
        parent=ref("Run"),
    ),
    "Tier": {"type": "string", "enum": ["Auto", "Manual"]},
    "Step": {"oneOf": [ref("Call"), ref("Wait")], "description": 'It\'s """a""" step.'},
    "Call": obj(["kind"], kind={"const": "call"}, url=TEXT),
    "Wait": obj(["kind"], kind={"const": "wait"}, next=ref("Step")),
    "Start": obj(
        ["tier"],
        tier=ref("Tier"),
        file={"type": "string", "format": "binary"},
        steps={"type": "array", "items": ref("Step")},
    ),
    "Nothing": {"type": "null"},
    "Secret": obj(
        ["key"], key={**TEXT, "writeOnly": True}, id={**TEXT, "readOnly": True}
    ),
}
USER = """
from typing import List, assert_type
from {name} import Run, Secret, SecretInput, Start, Step, Tier, Wait, Call

def use(run: Run, step: Step) -> List[str]:
    assert_type(run.tier, Tier)
    if isinstance(run.step, Wait):
        print(run.step.next)
    if run.parent:
        assert_type(run.parent, Run)
    Start(tier="Auto")
    Start(tier=Tier("Later"), steps=[Call(kind="call")])
    SecretInput(key="a")
    return [run.tier, run.tier.value]
"""


def plan():
    return plan_of(SCHEMAS, sent=["Start", "Secret"], received=["Run", "Secret"])


def test_importing_the_package_imports_no_model(make):
    package = make({"A": obj(b=ref("B"), c=ref("C")), "B": obj(), "C": obj(a=TEXT)})
    assert package.imported() == set()
    assert package.models.__dir__() == sorted({*vars(package.models), "A", "B", "C"})
    package.models.B
    assert package.imported() == {"b"}
    with pytest.raises(AttributeError, match="has no attribute 'D'"):
        package.models.D


def test_a_model_that_is_read_imports_what_is_in_the_data(tmp_path):
    schemas = {"A": obj(b=ref("B"), c=ref("C")), "B": obj(d=ref("C")), "C": obj(a=TEXT)}
    package = Package(plan_of(schemas, received=["A"]), "attrs", tmp_path)
    package.read("A", {})
    assert package.imported() == {"a"}
    package.read("A", {"b": {}})
    assert package.imported() == {"a", "b"}
    package.read("A", {"b": {}, "c": {"a": "x"}})
    assert package.imported() == {"a", "b", "c"}


def test_a_package_that_is_imported_anew_has_its_own_classes(make, tmp_path):
    package = make({"A": obj(b=ref("B")), "B": obj(c=TEXT)})
    before = package.read("A", {"b": {"c": "x"}}).b
    for name in [each for each in sys.modules if each.startswith(package.name)]:
        del sys.modules[name]
    sys.path.insert(0, str(tmp_path))
    package.models = importlib.import_module(package.name)
    sys.path.remove(str(tmp_path))
    after = package.read("A", {"b": {"c": "x"}}).b
    assert type(after) is package.models.B and type(after) is not type(before)


def test_models_are_made_copied_compared_and_pickled(make):
    package = make(SCHEMAS, received=list(SCHEMAS))
    wait = package.models.Wait(kind="wait", next=package.models.Call(kind="call"))
    assert package.codec.to_json(wait) == {"kind": "wait", "next": {"kind": "call"}}
    assert copy.deepcopy(wait) == wait == pickle.loads(pickle.dumps(wait))
    read = package.read("Wait", {"kind": "wait", "next": {"kind": "call"}})
    assert read == wait and copy.deepcopy(read) == read == pickle.loads(
        pickle.dumps(read)
    )


def test_the_modules_pass_the_strictest_type_check(tmp_path):
    paths = []
    for style in STYLES:
        package = Package(plan(), style, tmp_path)
        user = tmp_path / f"user_{style}.py"
        user.write_text(USER.format(name=package.name))
        paths += [package.folder, user]
    check_types(*paths)


@pytest.mark.parametrize("style", STYLES)
def test_nothing_of_a_schema_becomes_code(style):
    evil = '"""\n__import__("os").abort()\n\\'
    schemas = {
        f"X{evil}": {
            **obj([evil], **{evil: {"enum": [evil, "b"]}, "a": {"default": evil}}),
            "description": evil,
        },
        "E": {"type": "string", "enum": [evil, "x"], "description": evil},
    }
    for text in written(plan_of(schemas), style).values():
        calls = [
            each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Call)
        ]
        names = {ast.unparse(each.func) for each in calls}
        assert names <= {"define", "Field", "ConfigDict", "lazy_names", "TaggedBy"}


@pytest.mark.parametrize("style", STYLES)
def test_all_names_of_modules_are_public_and_documented(style):
    texts = written(plan(), style)
    assert "The models" in texts["__init__"] and "_MODULE_OF" in texts["__init__"]
    assert "By default, the server takes '2026-01-01'." in texts["run"]
    assert "class Tier(OpenEnum):" in texts["tier"] and "TierLike" in texts["tier"]


def test_a_package_of_many_models_is_imported_at_once(tmp_path):
    schemas = {f"M{n}": obj(a=TEXT, b=ref(f"M{(n + 1) % 200}")) for n in range(200)}
    package = Package(plan_of(schemas, received=["M0"]), "attrs", tmp_path)
    assert package.read("M0", {"b": {"b": {"a": "x"}}}).b.b.a == "x"
    assert package.imported() == {"m0", "m1", "m2"}


def test_reading_needs_neither_the_representation_nor_pydantic(tmp_path):
    package = Package(plan_of(SCHEMAS, received=list(SCHEMAS)), "attrs", tmp_path)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        f"from {package.name} import Wait\n"
        "assert Wait.from_dict({'kind': 'wait', 'next': {'kind': 'call'}}).next.kind == 'call'\n"
        "print([n for n in sys.modules if n.startswith(('pydantic', 'ai_spine.sdk_sync.ir'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize("way", [REQUEST, RESPONSE])
def test_roots_of_each_kind_are_planned(way):
    roots = {"list": ({"type": "array", "items": TEXT}, way), "plain": (TEXT, way)}
    found = plan_of({}, **roots)
    assert (
        found.type_at("/list").kind == "list" and found.type_at("/plain").kind == "str"
    )
