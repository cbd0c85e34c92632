"""Split an answer of Stripe into its objects, each with the text it came in."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Found:
    """One object: what it says, and its text on one line."""

    content: dict[str, Any]
    text: str


@dataclass(frozen=True)
class Listed:
    """One page of a list."""

    found: list[Found]
    has_more: bool


def one_line(body: str) -> str:
    """Take the line breaks and the indentation out of JSON; strings hold no line break, so nothing else changes."""
    return "".join(map(str.strip, body.split("\n"))) if "\n" in body else body


def read_object(body: str) -> Found:
    """Read an answer that is one object."""
    text = one_line(body).strip()
    return Found(json.loads(text), text)


def read_page(body: str) -> Listed:
    """Read an answer that is a page of a list.

    Raises:
        ValueError: it is no such page.
    """
    text = one_line(body)
    found: list[Found] | None = None
    has_more: Any = None
    at = _skip(text, 0, "{")
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at, ":")
        if key == "data":
            found, at = _elements(text, at)
        else:
            value, at = _DECODER.raw_decode(text, at)
            has_more = value if key == "has_more" else has_more
        at = _skip(text, at, ",}")
        at = at - 1 if text[at - 1] == "}" else _SPACE.match(text, at).end()  # type: ignore[union-attr]
    if found is None or not isinstance(has_more, bool):
        raise ValueError("the answer is no page of a list: it lacks data or has_more")
    return Listed(found, has_more)


def _elements(text: str, at: int) -> tuple[list[Found], int]:
    found: list[Found] = []
    at = _skip(text, at, "[")
    while text[at] != "]":
        content, end = _DECODER.raw_decode(text, at)
        if not isinstance(content, dict):
            raise ValueError("the answer is no page of a list: its data holds something else than objects")  # noqa: TRY004
        found.append(Found(content, text[at:end]))
        if text.startswith(",{", end):
            at = end + 1
            continue
        at = _skip(text, end, ",]")
        if text[at - 1] == "]":
            return found, at
    return found, at + 1


def _skip(text: str, at: int, signs: str) -> int:
    """Step over one of the signs and the blanks around it; a closing sign is the last thing stepped over."""
    place = _SPACE.match(text, at).end()  # type: ignore[union-attr]
    if text[place] not in signs:
        raise ValueError(f"the answer is no page of a list: {text[place]!r} at character {place}")
    if text[place] in "}]":
        return place + 1
    return _SPACE.match(text, place + 1).end()  # type: ignore[union-attr]
