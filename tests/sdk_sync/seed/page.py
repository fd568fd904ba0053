"""The blocks of the specification, and how they are run as they are printed."""

import ast
import asyncio
import inspect
import re
import shlex
from pathlib import Path

from ai_spine.sdk_sync.ir import IRField, IRModel, IRType, SchemaVersion

PRINTED_URL = "http://localhost:8000"
_TEXT = (Path(__file__).parent / "blocks.md").read_text("utf-8")
_BLOCK = re.compile(r"^## (.+?)\n+```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = {name: code for name, code in _BLOCK.findall(_TEXT)}
V1 = SchemaVersion(1, 0, 0)


def field(name, kind=IRType.STRING, **more):
    return IRField(name, kind, **more)


# The blocks use these models, and do not show them.
SEARCH_INPUT = IRModel(
    "SearchInput",
    V1,
    [field("query", required=True), field("limit", IRType.INTEGER, default=10)],
)
SEARCH_OUTPUT = IRModel(
    "SearchOutput",
    V1,
    [
        field("results", IRType.ARRAY, required=True),
        field("total", IRType.INTEGER, required=True),
    ],
)
PRODUCT = IRModel("Product", V1, [field("id", required=True)])


class Page(dict):
    """The names that blocks have defined: each block continues where the one before ended.

    The names that they use and do not define are there from the beginning.
    """

    def __init__(self, **names):
        super().__init__(
            search_input_model=SEARCH_INPUT,
            search_output_model=SEARCH_OUTPUT,
            product_model=PRODUCT,
            Path=Path,
            **names,
        )

    def run(self, *blocks, url=PRINTED_URL):
        """Run blocks as they are printed; `await` works outside functions, as in notebooks."""
        for name in blocks:
            source = BLOCKS[name].replace(PRINTED_URL, url)
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            code = compile(source, name, "exec", flags=flags, dont_inherit=True)
            if code.co_flags & inspect.CO_COROUTINE:
                asyncio.run(_awaited(code, self))
            else:
                exec(code, self)

    def with_tool(self):
        """Run what defines `user_model`, `search_tool` and `spec`."""
        self.run("model")
        self["user_model"] = self["model"]
        self.run("tool", "spec")
        return self


async def _awaited(code, names):
    await eval(code, names)


def commands(name, url=PRINTED_URL):
    """Return the words of each command in a block, without the name of the program."""
    text = BLOCKS[name].replace("\\\n", " ").replace(PRINTED_URL, url)
    lines = [shlex.split(line, comments=True) for line in text.splitlines()]
    return [words[1:] for words in lines if words]


def files_in(folder):
    """Return the paths of all files in a folder but compiled ones."""
    return {
        path.relative_to(folder).as_posix()
        for path in Path(folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def files_of(tree):
    """Return the paths of the files that a drawn tree has, in the folder at its root."""
    folders, found = [], set()
    for line in tree.splitlines()[1:]:
        drawn = re.match(r"([│ ]*)[├└]── (\S+)", line)
        if drawn is None or drawn[2] == "...":
            continue
        depth = len(drawn[1]) // 4
        folders[depth:] = [drawn[2]]
        if not drawn[2].endswith("/"):
            found.add("".join(folders))
    return found
