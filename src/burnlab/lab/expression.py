"""Arithmetic in plans: sums and comparisons over values, captures and a few functions.

An expression is what a plan writes in `holds` and behind `=` in a pattern, for example
`write-1.lba + write-1.sectors + 28688`. Names may have dots and hyphens, so a minus sign needs blanks around
it. Nothing but the operators, functions and names below can be said.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Value: TypeAlias = int | float | str

NAME = re.compile(r"[a-z_][a-z0-9_]*(?:[.-][a-z0-9_]+)*")
TOKEN = re.compile(rf"'[^']*'|\"[^\"]*\"|{NAME.pattern}|[A-Z]\w*|\S|\s+")
WORDS = frozenset({"and", "or", "not", "in"})


class ExpressionError(Exception):
    """An expression that can't be read, or that names something unknown."""


def size_text(blocks: int) -> str:
    """Write a number of blocks as xorriso writes sizes: `103m`, `22.4g`, `0`."""
    value, letters = float(blocks * 2048), iter("kmgtp")
    letter = ""
    while value >= 9999.5:
        value, letter = value / 1024, next(letters)
    if not letter:
        return f"{value:.0f}"
    return f"{value:.1f}{letter}" if value < 100 else f"{value:.0f}{letter}"


def round_up(number: int, unit: int) -> int:
    """Round up to a multiple of `unit`."""
    return -(-number // unit) * unit


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "max": max,
    "min": min,
    "roundup": round_up,
    "size": size_text,
}

OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def names_in(text: str) -> set[str]:
    """Every name that an expression needs a value for."""
    tree, names = _parse(text)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {name for alias, name in names.items() if alias in used} - FUNCTIONS.keys()


def evaluate(text: str, scope: Mapping[str, Value]) -> Any:
    """The value of an expression. Raises ExpressionError for an unknown name or a sum that can't be done."""
    tree, names = _parse(text)
    try:
        return _value(tree.body, names, scope)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
        raise ExpressionError(f"{text!r} can't be worked out: {error}") from error


def explain(text: str, scope: Mapping[str, Value]) -> str:
    """An expression with the value of every name beside it, for the reason of a failure."""
    values = ", ".join(f"{name} is {scope.get(name, 'unknown')}" for name in sorted(names_in(text)))
    return f"{text} ({values})" if values else text


def _parse(text: str) -> tuple[ast.Expression, dict[str, str]]:
    names: dict[str, str] = {}
    parts: list[str] = []
    for token in TOKEN.findall(text.strip()):
        if NAME.fullmatch(token) and token not in WORDS:
            alias = f"n{len(names)}_" if token not in FUNCTIONS else token
            names[alias] = token
            parts.append(alias)
        else:
            parts.append(token)
    try:
        tree = ast.parse("".join(parts), mode="eval")
    except (SyntaxError, ValueError) as error:
        raise ExpressionError(f"{text!r} is not an expression") from error
    for node in ast.walk(tree):
        _refuse_strangers(node, text)
    return tree, names


ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.And, ast.Or, ast.Compare, ast.Call, ast.Name,
    ast.Load, ast.Constant, *OPERATORS,
)  # fmt: skip


def _refuse_strangers(node: ast.AST, text: str) -> None:
    if not isinstance(node, ALLOWED):
        raise ExpressionError(f"{text!r} says more than sums, comparisons, and, or, not")
    if isinstance(node, ast.Constant) and not isinstance(node.value, int | float | str):
        raise ExpressionError(f"{text!r} holds a value that is neither a number nor a text")
    if isinstance(node, ast.Call) and not (
        isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and not node.keywords
    ):
        raise ExpressionError(f"{text!r} calls something else than {', '.join(sorted(FUNCTIONS))}")


def _value(node: ast.AST, names: Mapping[str, str], scope: Mapping[str, Value]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        name = names.get(node.id, node.id)
        if name not in scope:
            raise ExpressionError(f"nothing is known by the name {name}")
        return scope[name]
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](_value(node.left, names, scope), _value(node.right, names, scope))
    if isinstance(node, ast.UnaryOp):
        return OPERATORS[type(node.op)](_value(node.operand, names, scope))
    if isinstance(node, ast.BoolOp):
        quantifier = all if isinstance(node.op, ast.And) else any
        return quantifier(_value(value, names, scope) for value in node.values)
    if isinstance(node, ast.Compare):
        return _compare(node, names, scope)
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return FUNCTIONS[node.func.id](*(_value(argument, names, scope) for argument in node.args))


def _compare(node: ast.Compare, names: Mapping[str, str], scope: Mapping[str, Value]) -> bool:
    left = _value(node.left, names, scope)
    for comparison, right_node in zip(node.ops, node.comparators, strict=True):
        right = _value(right_node, names, scope)
        if not OPERATORS[type(comparison)](left, right):
            return False
        left = right
    return True
