"""Panels: pieces of HTML that a notebook shows and an exported page keeps."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Panel:
    """Something to show: HTML for a page, text for a terminal or a diff."""

    html: str
    text: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        del include, exclude
        return {"text/html": assets() + self.html, "text/plain": self.text}

    def __add__(self, other: Panel) -> Panel:
        return Panel(self.html + other.html, f"{self.text}\n{other.text}")


def style() -> str:
    """Return the style sheet that all panels share."""
    return (files(__package__) / "tables.css").read_text("utf-8").strip()


def script() -> str:
    """Return the script that sorts, searches and opens rows; the same text in every panel, so one hash covers it."""
    return (files(__package__) / "tables.js").read_text("utf-8").strip()


@cache
def assets() -> str:
    """Return style and script as elements.

    Each panel carries them, because JupyterLab shows a panel without a page around it; an exported page drops the
    copies and keeps one.
    """
    return f"<style>{style()}</style><script>{script()}</script>"


def slug(title: str) -> str:
    """Turn a title into an element id, the same on every run."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "untitled"


def between_tags(words: str) -> str:
    """Write words so that HTML shows them as they are; not for attributes, where quotes would need it too."""
    return html.escape(words, quote=False)


def titled(title: str, caption: str | None, anchor: str) -> str:
    """Write the heading of a panel."""
    note = f'<p class="rk-caption">{between_tags(caption)}</p>' if caption else ""
    return f'<p class="rk-title" id="{anchor}">{between_tags(title)}</p>{note}'
