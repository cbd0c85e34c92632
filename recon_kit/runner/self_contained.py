"""Self-contained pages: one file that loads nothing, runs no foreign script, and says so in its policy."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from importlib.resources import files

_LOADING = {
    "src": None,
    "srcset": None,
    "poster": None,
    "background": None,
    "action": None,
    "formaction": None,
    "xlink:href": None,
    "data": {"object"},
    "href": {"link", "base", "use", "image"},
}
_STYLE_LOADS = re.compile(r"@import|url\(\s*['\"]?(?!data:|#)[^)]", re.IGNORECASE)
_SCRIPT_LOADS = re.compile(
    r"\bimport\b[^;\n]*['\"]https?:|\bimport\s*\(|\bfetch\s*\(|XMLHttpRequest|WebSocket|sendBeacon"
)


class PageNotSelfContained(ValueError):  # noqa: N818  (what is wrong with the page)
    """A page would load something, or run a script that is not the kit's."""


def stylesheet() -> str:
    """Return the style sheet of all pages."""
    return (files(__package__) / "templates" / "page.css").read_text("utf-8").strip()


def content_policy(script: str) -> str:
    """State what a page may do: show embedded pictures, its own styles, and run exactly this script."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def require_self_contained(page: str, script: str) -> None:
    """Refuse a page that would load anything or run anything but the given script.

    Links that a reader may follow are no loading; pictures without a text are refused too.

    Raises:
        PageNotSelfContained: names every fault.
    """
    reader = _Reader(script)
    reader.feed(page)
    reader.close()
    if reader.faults:
        message = "The page would not stand alone: " + "; ".join(dict.fromkeys(reader.faults)) + "."
        raise PageNotSelfContained(message)


class _Reader(HTMLParser):
    """Collects what is wrong with a page."""

    def __init__(self, script: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self._script = script
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag if tag in {"script", "style"} else ""
        for name, value in attrs:
            self._check(tag, name, value or "")
        if tag == "img" and not dict(attrs).get("alt"):
            self.faults.append("a picture has no text for readers who cannot see it")
        if tag in {"iframe", "embed", "object", "portal"}:
            self.faults.append(f"it embeds an <{tag}>")

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "style" and _STYLE_LOADS.search(data):
            self.faults.append("a style sheet loads another file")
        if self._open == "script" and data != self._script:
            reason = "loads from the network" if _SCRIPT_LOADS.search(data) else "is not the kit's"
            self.faults.append(f"a script {reason}: {data.strip()[:60]}")

    def _check(self, tag: str, name: str, value: str) -> None:
        tags = _LOADING.get(name, set())
        is_loading = name in _LOADING and (tags is None or tag in tags)
        if is_loading and not value.startswith(("data:", "#")):
            self.faults.append(f"<{tag} {name}> refers to {value[:80]}")
        if name.startswith("on") or value.strip().lower().startswith("javascript:"):
            self.faults.append(f"<{tag}> carries a script in {name}")
        if name == "style" and _STYLE_LOADS.search(value):
            self.faults.append(f"the style of a <{tag}> loads another file")
