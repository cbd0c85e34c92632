"""The part of SOQL that an extract asks: fields, COUNT(), conditions, order, limit."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))|(?P<day>\d{4}-\d\d-\d\d)"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|<>|[=<>(),:]))"
)
WORDS = {
    "select",
    "from",
    "where",
    "order",
    "by",
    "limit",
    "offset",
    "and",
    "or",
    "not",
    "in",
    "asc",
    "desc",
    "nulls",
    "first",
    "last",
    "null",
    "true",
    "false",
}
UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


class SoqlError(ValueError):
    """A refused query: the error's code and its text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Literal:
    """A value in a condition, and of which kind it is."""

    kind: str
    value: Any


@dataclass(frozen=True)
class Comparison:
    """``field sign value``; of IN the value is a tuple of literals."""

    name: str
    sign: str
    value: Literal | tuple[Literal, ...]


@dataclass(frozen=True)
class Joined:
    """Conditions joined by AND, OR, or one that NOT turns."""

    word: str
    parts: tuple["Condition", ...]


Condition = Comparison | Joined


@dataclass
class Query:
    """A query read."""

    text: str
    fields: list[str]
    entity: str
    is_count: bool = False
    condition: Condition | None = None
    order: list[tuple[str, bool, bool]] = field(default_factory=list)  # name, is descending, are nulls last
    limit: int | None = None
    offset: int = 0


def parsed(text: str) -> Query:
    """Read a query; raises SoqlError (MALFORMED_QUERY)."""
    return _Reader(text).query()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.at = text, [], 0
        place = 0
        while text[place:].strip():
            found = TOKEN.match(text, place)
            if not found:
                raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{text[place:].split(maxsplit=1)[0]}'")
            self.tokens.append((found.lastgroup, found.group(found.lastgroup)))
            place = found.end()

    def _peek(self, *words: str) -> bool:
        if self.at >= len(self.tokens):
            return False
        kind, value = self.tokens[self.at]
        return kind in ("name", "sign") and value.lower() in words

    def _take(self, *words: str) -> str:
        """The next token, which must be one of some words."""
        if not self._peek(*words):
            found = self.tokens[self.at][1] if self.at < len(self.tokens) else "<EOF>"
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{found}'")
        self.at += 1
        return self.tokens[self.at - 1][1].lower()

    def _skip(self, word: str) -> bool:
        is_there = self._peek(word)
        self.at += is_there
        return is_there

    def _name(self) -> str:
        kind, value = self.tokens[self.at] if self.at < len(self.tokens) else ("", "<EOF>")
        if kind != "name" or value.lower() in WORDS:
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{value}'")
        self.at += 1
        return value

    def query(self) -> Query:
        self._take("select")
        fields = [self._name()]
        is_count = fields[0].lower() == "count" and self._skip("(")
        if is_count:
            self._take(")")
        while not is_count and self._skip(","):
            fields.append(self._name())
        self._take("from")
        found = Query(self.text, [] if is_count else fields, self._name(), is_count)
        if self._skip("where"):
            found.condition = self._condition()
        if self._skip("order"):
            self._take("by")
            found.order = self._order()
        if self._skip("limit"):
            found.limit = self._number()
        if self._skip("offset"):
            found.offset = self._number()
        if self.at < len(self.tokens):
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{self.tokens[self.at][1]}'")
        return found

    def _number(self) -> int:
        kind, value = self.tokens[self.at] if self.at < len(self.tokens) else ("", "<EOF>")
        if kind != "number" or not value.isdigit():
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{value}'")
        self.at += 1
        return int(value)

    def _order(self) -> list[tuple[str, bool, bool]]:
        order = []
        while not order or self._skip(","):
            name = self._name()
            is_descending = self._peek("asc", "desc") and self._take("asc", "desc") == "desc"
            are_nulls_last = self._skip("nulls") and self._take("first", "last") == "last"
            order.append((name, is_descending, are_nulls_last))
        return order

    def _condition(self) -> Condition:
        parts, words = [self._part()], set()
        while self._peek("and", "or"):
            words.add(self._take("and", "or"))
            parts.append(self._part())
        if len(words) > 1:
            raise SoqlError("MALFORMED_QUERY", "unexpected token: 'or'; AND and OR need parentheses")
        return Joined(words.pop(), tuple(parts)) if words else parts[0]

    def _part(self) -> Condition:
        if self._skip("not"):
            return Joined("not", (self._part(),))
        if self._skip("("):
            inner = self._condition()
            self._take(")")
            return inner
        name = self._name()
        if self._peek("in", "not"):
            is_not = self._skip("not")
            self._take("in")
            self._take("(")
            values = [self._literal()]
            while self._skip(","):
                values.append(self._literal())
            self._take(")")
            return Comparison(name, "not in" if is_not else "in", tuple(values))
        sign = self._take("=", "!=", "<>", "<", ">", "<=", ">=")
        return Comparison(name, "!=" if sign == "<>" else sign, self._literal())

    def _literal(self) -> Literal:
        kind, value = self.tokens[self.at] if self.at < len(self.tokens) else ("", "<EOF>")
        self.at += 1
        if kind == "text":
            return Literal("text", re.sub(r"\\(.)", lambda found: UNESCAPED.get(found[1], found[1]), value[1:-1]))
        if kind == "moment":
            return Literal("moment", datetime.fromisoformat(value).astimezone(UTC))
        if kind == "day":
            return Literal("day", date.fromisoformat(value))
        if kind == "number":
            return Literal("number", float(value))
        if kind == "name" and value.lower() in ("true", "false", "null"):
            return Literal(
                "null" if value.lower() == "null" else "flag", {"true": True, "false": False}.get(value.lower())
            )
        raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{value}'")
