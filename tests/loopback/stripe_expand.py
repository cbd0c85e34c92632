"""Show an object as the API would: references as ids unless expanded, some fields only when expanded."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from .stripe_catalogue import REFERENCES

DEEPEST = 4
Tree = dict[str, Any]
Found = Callable[[str], dict[str, Any] | None]
LINES_COUNT = re.compile(rb',"total_count":\d+')
MARKS = {
    "discount": b'"object":"discount"',
    "coupon": b'"object":"coupon"',
    "promotion_code": b'"object":"promotion_code"',
    "price": b'"tiers":',
    "plan": b'"tiers":',
}  # what the text of an object holds when it is not shown as it is stored
ALWAYS_READ = frozenset(("price", "plan", "coupon"))  # few, and with fields that are only shown when asked for
RARE = frozenset(
    (
        "data",
        "items",
        "lines",
        "discounts",
        "discount",
        "source",
        "coupon",
        "tiers",
        "applies_to",
        "currency_options",
        "promotion_code",
        "phases",
    )
)


class ExpandError(ValueError):
    """A path that cannot be expanded, in Stripe's words."""


def tree_of(paths: Iterable[str], kind: str, *, is_list: bool) -> Tree:
    """Read expansions of a request; raises ExpandError naming the path."""
    tree: Tree = {}
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            message = f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}"
            raise ExpandError(message)
        if is_list:
            if steps[0] != "data" or len(steps) == 1:
                message = f"This property cannot be expanded ({path}). You may want to try expanding 'data.{path}'."
                raise ExpandError(message)
            steps = steps[1:]
        _check(steps, kind, path)
        branch = tree
        for step in steps:
            branch = branch.setdefault(step, {})
    return tree


def _check(steps: list[str], kind: str, path: str) -> None:
    """Walk the kinds that a path goes through."""
    last = ""
    for number, step in enumerate(steps):
        if step == "data" and last == "list":
            last = ""
            continue
        found = REFERENCES.get(kind, {}).get(step)
        if found is None or (last == "list"):
            message = f"This property cannot be expanded ({path})."
            raise ExpandError(message)
        last, _, kind = found.partition(" ")
        is_whole = number == len(steps) - 1
        if is_whole and last in ("own", "list"):
            message = f"This property cannot be expanded ({path})."
            raise ExpandError(message)


@cache
def _marks_of(kind: str) -> frozenset[bytes]:
    """Marks of all kinds that an object of this kind holds."""
    seen: set[str] = set()
    left = [kind]
    while left:
        found = left.pop()
        if found and found not in seen:
            seen.add(found)
            inner = (
                how.partition(" ")[2]
                for how in REFERENCES.get(found, {}).values()
                if not how.startswith("ref") or how.endswith(("discount", "coupon"))
            )
            left += inner
    return frozenset(MARKS[found] for found in seen if found in MARKS)


def are_plain(text: bytes, kind: str, steps: frozenset[str]) -> bool:
    """Whether objects are shown as they are stored, whatever of this tree is expanded: found without reading them."""
    if kind in ALWAYS_READ or any(mark in text for mark in _marks_of(kind)):
        return False
    return not steps or (steps <= RARE and b'"di_' not in text and b'"promo_' not in text)


def steps_of(tree: Tree) -> frozenset[str]:
    """All names of a tree."""
    return frozenset(tree) | frozenset(name for branch in tree.values() for name in steps_of(branch))


def shown(value: dict[str, Any], kind: str, tree: Tree, find: Found) -> dict[str, Any]:
    """An object with what is expanded and without what is not."""
    fields = REFERENCES.get(kind, {})
    seen: dict[str, Any] = {}
    for name, held in value.items():
        how, _, inner = fields.get(name, "").partition(" ")
        wanted = tree.get(name)
        if how == "only" and wanted is None:
            continue
        if how == "ref":
            seen[name] = _each(held, lambda one, inner=inner, wanted=wanted: _reference(one, inner, wanted, find))
        elif how == "own":
            seen[name] = _each(
                held,
                lambda one, inner=inner, wanted=wanted: (
                    shown(one, inner, wanted or {}, find) if isinstance(one, dict) else one
                ),
            )
        elif how == "list" and isinstance(held, dict):
            below = (wanted or {}).get("data", {})
            seen[name] = held | {"data": [shown(one, inner, below, find) for one in held.get("data", ())]}
        else:
            seen[name] = held
    return seen


def _each(held: Any, change: Callable[[Any], Any]) -> Any:
    """Change a value, or each of a list."""
    return [change(one) for one in held] if isinstance(held, list) else change(held)


def _reference(held: Any, kind: str, wanted: Tree | None, find: Found) -> Any:
    """An id, or the object when it is wanted and known."""
    if held is None:
        return None
    if wanted is None:
        return held.get("id") if isinstance(held, dict) else held
    found = held if isinstance(held, dict) else find(held)
    return held if found is None else shown(found, found.get("object") or kind, wanted, find)
