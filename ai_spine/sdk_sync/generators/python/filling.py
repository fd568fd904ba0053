"""Templates of Python code as syntax trees: only names and literals can fill them."""

import ast
import copy
from typing import Dict, Mapping, Union

Filling = Union[ast.expr, str]


def fill(template: str, names: Mapping[str, Filling]) -> ast.stmt:
    """Return the one statement of a template, with its placeholders filled.

    Args:
        template: Python code; it never has text of a specification.
        names: By the placeholder, which is a name in the code or the whole of a text: the
            identifier, the text or the expression that replaces it.

    Example:
        >>> print(ast.unparse(fill("x = VALUE", {"VALUE": ast.Constant("a'b")})))
        x = "a'b"
    """
    (statement,) = ast.parse(template).body
    filled: ast.stmt = _Filler(dict(names)).visit(statement)
    return filled


class _Filler(ast.NodeTransformer):
    def __init__(self, names: Dict[str, Filling]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        filling = self._names.get(node.id, node)
        if isinstance(filling, str):
            return ast.Name(filling, node.ctx)
        return copy.deepcopy(filling)

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, str):
            return node
        filling = self._names.get(node.value, node)
        return ast.Constant(filling) if isinstance(filling, str) else filling

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = str(self._names.get(node.name, node.name))
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = str(self._names.get(node.name, node.name))
        return self.generic_visit(node)
