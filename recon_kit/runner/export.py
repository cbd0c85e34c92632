"""Export: an executed notebook becomes one HTML page for an auditor, readable offline and on paper."""

from __future__ import annotations

import hashlib
import html as markup
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbconvert import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML
from traitlets.config import Config

from recon_kit.artifacts import write_atomically
from recon_kit.runner.self_contained import content_policy, require_self_contained, stylesheet
from recon_kit.tables import panel

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATES = Path(__file__).with_name("templates")
_CONTENTS_MARK = "<!-- contents -->"
_HEADING = re.compile(r'<h(?P<level>[1-6]) id="(?P<id>[^"]*)">(?P<words>.*?)</h(?P=level)>', re.DOTALL)
_ANCHOR = re.compile(r'<a class="anchor-link"[^>]*>.*?</a>', re.DOTALL)
_FOLDERS = re.compile(r"(?<=['\"])(?:[A-Za-z]:)?[/\\](?:[^'\"/\\\n]+[/\\])+(?=[^'\"/\\\n]+['\"])")


def export_notebook(
    executed: Path, html: Path, *, title: str, sign_off: Mapping[str, str], index: str | None = "index.html"
) -> None:
    """Write an executed notebook as one self-contained page.

    Args:
        executed: the notebook as papermill left it.
        html: where the page goes.
        title: the page's title.
        sign_off: lines of the sign-off block; an empty value leaves room for a pen, no lines leave the block out.
        index: the page beside it that lists all others; none: it stands alone.

    Raises:
        PageNotSelfContained: when the page would load anything, run a foreign script, or show a picture without text.
    """
    source = executed.read_bytes()
    notebook = nbformat.reads(source.decode(), as_version=4)  # type: ignore[no-untyped-call]
    page = {
        "title": title,
        "policy": content_policy(panel.script()),
        "style": f"{stylesheet()}\n{panel.style()}",
        "script": panel.script(),
        "contents_mark": _CONTENTS_MARK,
        "sign_off": dict(sign_off),
        "index": index,
        "colophon": _colophon(executed.name, source, notebook),
    }
    body = _render(_without_folders(notebook), page)
    require_self_contained(body, panel.script())
    write_atomically(html, body.encode())


@cache
def _exporter() -> HTMLExporter:
    """Return the one exporter of this process, whose templates are compiled once."""
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        config=_configuration(), template_name="audit", extra_template_basedirs=[str(TEMPLATES)]
    )
    coloured = Highlight2HTML(pygments_lexer="ipython3", parent=exporter)  # type: ignore[no-untyped-call]
    exporter.register_filter("highlight_code", coloured)  # type: ignore[no-untyped-call]
    return exporter


def _render(notebook: nbformat.NotebookNode, page: Mapping[str, Any]) -> str:
    resources = {"page": dict(page), "metadata": {"name": page["title"]}}
    # HTMLExporter's own step parses the page anew, which takes longer than all before it: to let the keyboard reach
    # JupyterLab's cells, of which the template has none, and to write a text on pictures without, refused here.
    body, _ = TemplateExporter.from_notebook_node(_exporter(), notebook, resources)
    return _with_contents(_with_unique_ids(_ANCHOR.sub("", body.replace(panel.assets(), ""))))


def _configuration() -> Config:
    return Config(
        {
            "TagRemovePreprocessor": {
                "enabled": True,
                "remove_cell_tags": ["audit-drop"],
                "remove_input_tags": ["audit-hide-code"],
            },
            "HTMLExporter": {"exclude_input_prompt": True, "exclude_output_prompt": True, "language_code": "en"},
        }
    )


def _colophon(name: str, source: bytes, notebook: nbformat.NotebookNode) -> dict[str, str]:
    given = notebook.metadata.get("papermill", {}).get("parameters", {})
    parameters = ", ".join(f"{key} = {_last_part(value)}" for key, value in sorted(given.items()) if value is not None)
    return {
        "Notebook": name,
        "Parameters": parameters or "defaults",
        "SHA-256 of the executed notebook": hashlib.sha256(source).hexdigest(),
    }


def _last_part(value: object) -> str:
    # A page names files and folders; where they lay on the machine that ran the close is not evidence.
    return re.split(r"[/\\]", str(value))[-1].removesuffix(".partial")


def _without_folders(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.source = _FOLDERS.sub("", cell.source).replace(".partial", "")
    return notebook


def _with_unique_ids(body: str) -> str:
    seen: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        name = found["id"] or "section"
        seen[name] = seen.get(name, 0) + 1
        unique = name if seen[name] == 1 else f"{name}-{seen[name]}"
        return f'<h{found["level"]} id="{unique}">{found["words"]}</h{found["level"]}>'

    return _HEADING.sub(numbered, body)


def _with_contents(body: str) -> str:
    sections = [(found["id"], found["words"]) for found in _HEADING.finditer(body) if found["level"] == "2"]
    items = "".join(f'<li><a href="#{anchor}">{_spoken(words)}</a></li>' for anchor, words in sections)
    contents = f'<nav class="contents" aria-label="Contents"><p>Contents</p><ol>{items}</ol></nav>' if items else ""
    return body.replace(_CONTENTS_MARK, contents, 1)


def _spoken(words: str) -> str:
    return markup.escape(markup.unescape(re.sub(r"<[^>]+>", "", words)).strip(), quote=False)
