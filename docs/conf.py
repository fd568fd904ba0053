"""How the docs are built, by `make docs`: nothing is fetched, and a broken link is an error."""

import re
from pathlib import Path

from sphinx.util import logging

import ai_spine

log = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = "https://github.com/Dataframe-Consulting/ai-spine-sdk-python/blob/main/"

project = "ai-spine-sdk"
author = "AI Spine Team"
copyright = author
version = release = ai_spine.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
]
exclude_patterns = ["images"]
# A field named `type` is not what an annotation means by it.
suppress_warnings = ["ref.python"]

html_theme = "furo"
html_title = f"ai-spine-sdk {release}"
html_show_sphinx = False
html_copy_source = False

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

# In docstrings, a word in backquotes is code.
default_role = "literal"
autodoc_default_options = {"member-order": "bysource"}
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

# Of these, napoleon takes the text before a colon for a type.
FIELDS = ("attribute", "data", "property")
HIDDEN_COLON = "\ue000"

nitpicky = True
# What is not ours, or not public, has no page to lead to.
nitpick_ignore_regex = [("py:.*", r"(?!ai_spine\.\w+$).*")]


def link_to_repository(app, docname, source):
    """Have links out of this folder lead to the repository, and warns of those to no file."""
    folder = (ROOT / "docs" / docname).parent

    def lead(found):
        path = (folder / found.group(1)).resolve()
        if ROOT / "docs" in path.parents:
            return found.group(0)
        if not path.exists():
            log.warning("there is no %s to link to", found.group(1), location=docname)
        return f"]({REPOSITORY}{path.relative_to(ROOT).as_posix()}"

    source[0] = re.sub(r"\]\((\.\./[^)#\s]+)", lead, source[0])


def find_public(app, env, node, content):
    """Find a class, which types name by the room that it lives in, under its public name."""
    name = node.get("reftarget", "").rpartition(".")[2]
    if node.get("refdomain") != "py" or name not in ai_spine.__all__:
        return None
    return env.domains["py"].resolve_xref(
        env, node["refdoc"], app.builder, "obj", f"ai_spine.{name}", node, content
    )


def mark_code(app, what, name, thing, options, lines):
    """Render text in backquotes as code, even if a letter follows, as in the plural."""
    lines[:] = [re.sub(r"`+([^`]+)`+(\w?)", _as_code, line) for line in lines]
    if what in FIELDS:
        lines[:] = [line.replace(":", HIDDEN_COLON) for line in lines]


def show_colons(app, what, name, thing, options, lines):
    """Put back what `mark_code` has hidden."""
    lines[:] = [line.replace(HIDDEN_COLON, ":") for line in lines]


def _as_code(found):
    code, letter = found.groups()
    return f"``{code}``" + (f"\\ {letter}" if letter else "")


def show_examples(app, context, lines):
    """Have the lines that a help page keeps as they are, examples mostly, stand as code."""
    shown = []
    for line in lines:
        is_example = line.startswith("| ")
        if is_example and not (shown and shown[-1].startswith("   ")):
            shown += ["::", ""]
        shown.append(f"   {line[2:]}" if is_example else line)
    lines[:] = shown


def setup(app):
    # Before and after napoleon, whose priority is 500.
    app.connect("autodoc-process-docstring", mark_code, priority=400)
    app.connect("autodoc-process-docstring", show_colons, priority=600)
    app.connect("sphinx-click-process-description", show_examples)
    app.connect("source-read", link_to_repository)
    app.connect("missing-reference", find_public)
