"""The sign-off block of the index page: lines for a pen, or who signed; filled in without making the page anew."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from recon_kit.artifacts import MANIFEST, PACK, digest_bytes, digest_file, write_atomically
from recon_kit.runner.manifest import read_json
from recon_kit.runner.self_contained import require_self_contained
from recon_kit.tables import panel

TEMPLATES = Path(__file__).with_name("templates")
SIGNERS = ("Prepared by", "Reviewed by", "Approved by")
SIGNED_BY, SIGNED_ON = "Signed by", "Signed on"
"""The first lines of a signed block."""
INDEX = "html/index.html"
_BLOCK = re.compile(r'<section class="signoff".*?</section>', re.DOTALL)
_CONTENT = re.compile(r'<p class="digest signed"><code>([0-9a-f]{64})</code></p>')
_SIGNER = re.compile(rf"<dt>{SIGNED_BY}</dt><dd>(.*?)</dd><dt>{SIGNED_ON}</dt><dd>(.*?)</dd>", re.DOTALL)


def page_templates() -> Environment:
    """Return where templates of pages come from; what stands on a page is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )


def sign_off_html(known: Mapping[str, str], manifest_sha256: str, *, signed_sha256: str | None = None) -> str:
    """Write the block.

    Args:
        known: its lines; an empty value leaves room for a pen and a date.
        manifest_sha256: digest of the manifest that is signed.
        signed_sha256: digest of what was signed, as the signature says it; none: nobody has signed.

    Returns:
        One ``section`` element.
    """
    template = page_templates().get_template("sign_off.html.j2")
    return template.render(known=dict(known), manifest_sha256=manifest_sha256, signed_sha256=signed_sha256).strip()


def sign_index(folder: Path, lines: Mapping[str, str], signed_sha256: str) -> dict[str, Any]:
    """Fill the sign-off block of a close's index page; the rest of the page stays as it was reviewed.

    Args:
        folder: a finished close; one without an index page stays as it is.
        lines: what the block says.
        signed_sha256: digest of what is signed, so that the signature cannot say something else later.

    Returns:
        The content of ``pack.json`` with the page's new digest.
    """
    pack, path = read_json(folder / PACK), folder / INDEX
    if not path.is_file():
        return pack
    page = _with_block(path, sign_off_html(lines, digest_file(folder / MANIFEST), signed_sha256=signed_sha256))
    require_self_contained(page, panel.script())
    write_atomically(path, page.encode())
    files = pack["files"] | {INDEX: pack["files"][INDEX] | {"sha256": digest_bytes(page.encode())}}
    return {**pack, "files": files}


def signer_on_page(folder: Path) -> tuple[str, str] | None:
    """Read from the index page of a close who signed it and when; none where it has no page, or an unsigned one."""
    told = _SIGNER.search(_block_of(folder))
    return (html.unescape(told[1]), html.unescape(told[2])) if told else None


def signed_content_on_page(folder: Path) -> str | None:
    """Read from the index page of a close the digest of what was signed; none where the page names none."""
    told = _CONTENT.search(_block_of(folder))
    return told[1] if told else None


def _block_of(folder: Path) -> str:
    path = folder / INDEX
    block = _BLOCK.search(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else None
    return block[0] if block else ""


def restore_unsigned_index(folder: Path) -> None:
    """Undo a signing that was cut off between the index page and ``pack.json``; nothing else is touched."""
    path, pack = folder / INDEX, folder / PACK
    listed = read_json(pack)["files"].get(INDEX, {}) if pack.is_file() else {}
    if not path.is_file() or digest_file(path) == listed.get("sha256"):
        return
    blank = sign_off_html(dict.fromkeys(SIGNERS, ""), digest_file(folder / MANIFEST))
    page = _with_block(path, blank).encode()
    if digest_bytes(page) == listed.get("sha256"):
        write_atomically(path, page)


def _with_block(path: Path, block: str) -> str:
    return _BLOCK.sub(lambda _: block, path.read_text(encoding="utf-8"), count=1)
