"""Names of a specification as names in Python: every text has one, and no two share one."""

import builtins
import hashlib
import keyword
import re
import unicodedata
from typing import Any, Dict, Iterable, Mapping, Set

# What generated modules import or define; a class or a field of this name would hide it.
MODULE_NAMES = frozenset(
    "AISpine Annotated Any AsyncAISpine AsyncIterator BaseModel ClassVar Dict ExecutionEvent"
    " Field FitsSchema Iterator List Literal Mapping Model Nullable Optional SCHEMAS"
    " SCHEMA_VERSION Self ToolCaller Type Union UNSET Unset UnsetType".split()
)
# What annotations and bodies of generated classes name in lower case.
_BODY_NAMES = frozenset("str int float bool attrs from_dict self to_dict".split())
# The attributes of pydantic's BaseModel, which a field must not hide.
MODEL_ATTRIBUTES = frozenset(
    "construct copy dict from_orm json model_computed_fields model_config model_construct"
    " model_copy model_dump model_dump_json model_extra model_fields model_fields_set"
    " model_json_schema model_parametrized_name model_post_init model_rebuild model_validate"
    " model_validate_json model_validate_strings parse_file parse_obj parse_raw schema"
    " schema_json update_forward_refs validate".split()
)
# Later versions of Python have more builtins; all versions must give the same names.
_NEW_BUILTINS = frozenset(
    "BaseExceptionGroup EncodingWarning ExceptionGroup PythonFinalizationError".split()
)
_BUILTINS = _NEW_BUILTINS.union(dir(builtins))
NOT_CLASSES = MODULE_NAMES | _BODY_NAMES | _BUILTINS
"""What no class may be named, whatever a lock file says."""
NOT_FIELDS = MODULE_NAMES | _BODY_NAMES | MODEL_ATTRIBUTES
"""What no field may be named, whatever a lock file says."""
_MODULES = frozenset("__init__ __main__ aux con nul prn".split())
_WORDS = re.compile(r"[^\W_]+")
# Classes and groups have files of their own, whose names most systems let have 255 characters.
_LONGEST, _LONGEST_MODULE = 120, 200


def class_name(text: str) -> str:
    """Return a name for a class: words in capitals, without what no identifier may have.

    Example:
        >>> class_name("user profile"), class_name("HTTPError"), class_name("2nd"), class_name("")
        ('UserProfile', 'HTTPError', 'Model2nd', 'Model_')
    """
    words = _WORDS.findall(_clean(text))
    shouted = len(words) > 1 and not any(each.islower() for each in "".join(words))
    name = _clean("".join(_capital(each, shouted) for each in words)).replace("_", "")
    if not name[:1].isidentifier():
        name = _clean(f"Model{name}")
    is_taken = name in MODULE_NAMES or name in _BUILTINS
    return f"{name}_" if is_taken or keyword.iskeyword(name) else _short(name)


def field_name(text: str) -> str:
    """Return a name for a field or a parameter: the text itself if it may be one.

    Example:
        >>> field_name("user_id"), field_name("userId"), field_name("class"), field_name("a-b")
        ('user_id', 'userId', 'class_', 'a_b')
        >>> field_name("_id"), field_name("+1"), field_name("json"), field_name("")
        ('field_id', 'field_1', 'json_', 'field')
    """
    name = _clean(text)
    if name[:1] == "_" or not name[:1].isidentifier():
        name = _clean(f"field_{name.strip('_')}").rstrip("_")
    return f"{name}_" if name in NOT_FIELDS or keyword.iskeyword(name) else name


def snake_name(text: str) -> str:
    """Return a name for a field or a parameter, in lower case with underscores.

    Example:
        >>> snake_name("workspaceId"), snake_name("HTTPError"), snake_name("class")
        ('workspace_id', 'http_error', 'class_')
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", _clean(text))
    spaced = re.sub(r"([A-Z])([A-Z][a-z])", r"\1_\2", spaced)
    return field_name(re.sub("__+", "_", spaced.lower()))


def module_name(text: str) -> str:
    """Return a name for a module: ASCII letters in lower case, digits and underscores.

    Example:
        >>> module_name("userProfile"), module_name("HTTP Error"), module_name("../../x")
        ('user_profile', 'http_error', 'x')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", plain)
    name = "_".join(re.findall("[a-z0-9]+", spaced.lower()))
    if not name.isidentifier():
        name = f"module_{name}".rstrip("_")
    is_taken = name in _MODULES or keyword.iskeyword(name)
    return f"{name}_" if is_taken else _short(name, _LONGEST_MODULE)


class Names:
    """Unique names, and those that were given in an earlier run.

    Args:
        given: Names given earlier, by what they were given for. Each is kept for that; what is no
            identifier is ignored.
        reserved: Names that nothing may have.
        ignore_case: Whether names that differ only in case are the same, as files are on some
            systems.

    Example:
        >>> names = Names()
        >>> names.take("User"), names.take("User"), names.take("A1"), names.take("A1")
        ('User', 'User2', 'A1', 'A1_2')
    """

    def __init__(
        self,
        given: Mapping[str, str] = {},
        *,
        reserved: Iterable[str] = (),
        ignore_case: bool = False,
    ) -> None:
        self._ignore_case = ignore_case
        self._taken: Set[str] = {self._key(name) for name in reserved}
        self._given: Dict[str, str] = {}
        self._numbers: Dict[str, int] = {}
        for key in sorted(given):
            if _is_name(given[key]) and self._key(given[key]) not in self._taken:
                self._given[key] = given[key]
                self._taken.add(self._key(given[key]))

    def take(self, wanted: str, key: str = "") -> str:
        """Return the name that was given earlier, or the wanted one, with a number if it is taken.

        Args:
            wanted: The name, an identifier.
            key: What it is for, as in the names given earlier.
        """
        if key in self._given:
            return self._given.pop(key)
        # All lower numbers are taken: of thousands that are alike, none tries them again.
        name, number = wanted, self._numbers.get(wanted, 2)
        between = "_" if wanted[-1:].isdigit() else ""
        while self._key(name) in self._taken:
            name, number = f"{wanted}{between}{number}", number + 1
        self._numbers[wanted] = number
        self._taken.add(self._key(name))
        return name

    def is_free(self, name: str) -> bool:
        """Return whether nothing has a name."""
        return self._key(name) not in self._taken

    def _key(self, name: str) -> str:
        same = unicodedata.normalize("NFKC", name)
        return same.casefold() if self._ignore_case else same


def _is_name(text: Any) -> bool:
    return (
        isinstance(text, str)
        and text.isidentifier()
        and not keyword.iskeyword(text)
        and not text.startswith("_")
        and text not in MODULE_NAMES
        and _clean(text) == text
    )


def _capital(word: str, shouted: bool) -> str:
    rest = word[1:].lower() if shouted else word[1:]
    return word[0].upper() + rest


def _short(name: str, limit: int = _LONGEST) -> str:
    """Return a name cut to a length; the end of a long one is a digest, so that it is its own."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{name[: limit - len(digest)]}{digest}"


def _clean(text: str) -> str:
    """Return a text with an underscore for what identifiers cannot have, as Python reads it.

    Python takes names that are alike after NFKC for the same name, so that only those are written.
    """
    # Replacing may bring characters together that are one after NFKC.
    for _ in range(4):
        normal = unicodedata.normalize("NFKC", text)
        safe = "".join(c if f"a{c}".isidentifier() else "_" for c in normal)
        if safe == text:
            break
        text = safe
    return text
