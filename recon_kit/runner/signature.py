"""Signature: what a person put a name to, and whether what was signed is still what lies there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from recon_kit.artifacts import MANIFEST, PACK, SIGNATURE, canonical_json, digest_bytes, digest_file
from recon_kit.runner.sign_off import signed_content_on_page, signer_on_page
from recon_kit.signing import SIGNING_KEY_FILE, is_genuine, known_public_key


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class JournalHead(_Part):
    """How many lines the decision journal had, and the SHA-256 of the last."""

    length: int
    sha256: str


class CarriedForward(_Part):
    """A material gap that is open when the close is signed; whoever signs knows of it."""

    gap_id: str
    family: str
    cause: str
    impact_minor: int
    currency: str
    link_in_review: bool


class DecidedGap(_Part):
    """A gap that was open when the close ran and was decided before it was signed."""

    gap_id: str
    decision: str
    by: str
    sequence: int


class Signature(_Part):
    """Content of ``signature.json``: who signed which bytes, when, and what was known to be open.

    ``journal`` is the head of the decision journal when it was signed. ``signature`` is Ed25519 over the file's content
    without that key, as canonical JSON (sorted keys, two spaces, a line break at the end).
    """

    version: Literal[1] = 1
    close: str
    as_of: str
    by: str
    at: str
    reason: str | None
    manifest_sha256: str
    pack_sha256: str
    journal: JournalHead | None
    decided: list[DecidedGap]
    carried_forward: list[CarriedForward]
    public_key: str | None = None
    signature: str | None = None

    @property
    def signed_content(self) -> bytes:
        """The bytes that the key signs."""
        return canonical_json(self.model_dump(exclude={"signature"}))

    @property
    def content_sha256(self) -> str:
        """Digest of all that the first page can vouch for: not its own digest in the pack, nor the key's signature."""
        return digest_bytes(canonical_json(self.model_dump(exclude={"pack_sha256", "signature"})))

    @property
    def on_page(self) -> tuple[str, str]:
        """Who and when, as the block of the index page says it."""
        return self.by, f"{self.at[:10]}, {self.at[11:16]} UTC"

    @property
    def said(self) -> str:
        """Who and when, in words."""
        return f"{self.by} on {self.at[:10]} at {self.at[11:16]} UTC"


class UnreadableSignature(ValueError):  # noqa: N818  (what is wrong with it)
    """``signature.json`` is not what ``recon sign`` writes."""


def read_signature(folder: Path) -> Signature | None:
    """Read who signed a close; none when nobody has.

    Raises:
        UnreadableSignature: the file is there and was changed beyond reading.
    """
    path = folder / SIGNATURE
    if not path.is_file():
        return None
    try:
        return Signature.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as fault:
        raise UnreadableSignature(f"{SIGNATURE} of {folder.name} is not what `recon sign` writes") from fault


def faults_of_signature(folder: Path, signature: Signature) -> Iterator[str]:
    """Say why a signature no longer stands for what lies in its folder: its own bytes, page, manifest and pack.

    With ``RECON_SIGNING_KEY_FILE`` a signature by another key, or by none, is a fault as well.
    """
    for name, signed in ((MANIFEST, signature.manifest_sha256), (PACK, signature.pack_sha256)):
        path = folder / name
        if not path.is_file():
            yield f"{name} is missing"
        elif digest_file(path) != signed:
            yield f"{name} is not the one that was signed"
    page, content = signer_on_page(folder), signed_content_on_page(folder)
    if page and page != signature.on_page:
        yield f"{SIGNATURE} names {' on '.join(signature.on_page)}, the first page {' on '.join(page)}"
    elif content and content != signature.content_sha256:
        yield f"{SIGNATURE} was changed: its content has not the SHA-256 that the first page names"
    known, own = known_public_key(), signature.public_key
    if own is None or signature.signature is None:
        if known or own or signature.signature:
            yield f"{SIGNATURE} carries no signature of the key that {SIGNING_KEY_FILE} names, so it may be forged"
    elif not is_genuine(signature.signed_content, signature.signature, own):
        yield f"{SIGNATURE} was changed after it was signed: its Ed25519 signature does not fit its content"
    elif known not in {None, own}:
        yield f"{SIGNATURE} was signed with another key than the one that {SIGNING_KEY_FILE} names"


def missing_signature(folder: Path) -> str:
    """Say of a close without signature that its index page names who signed it; empty where it names nobody."""
    page = signer_on_page(folder)
    if page is None or (folder / SIGNATURE).is_file():
        return ""
    return (
        f"is missing, though the first page says that {' signed on '.join(page)}: it was taken away, or signing was "
        "cut off. Restore it from a copy, or sign again"
    )


def changed_since_signed(folder: Path) -> list[str]:
    """Name the files of a close that are no longer what its manifest and its pack list; empty when none is."""
    found: list[str] = []
    for listing in (MANIFEST, PACK):
        for name, entry in sorted(files_listed(folder / listing).items()):
            path = folder / name
            if not path.is_file():
                found.append(f"{name} (missing)")
            elif digest_file(path) != entry.get("sha256"):
                found.append(name)
    return found


def files_listed(listing: Path) -> dict[str, Any]:
    """Read what a manifest or a pack lists, with the digests; nothing where it cannot be read any more."""
    try:
        files: dict[str, Any] = json.loads(listing.read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return files


def what_it_protects(signature: Signature) -> str:
    """Say in a sentence against what a signature protects."""
    if signature.signature:
        return "It is signed with an Ed25519 key: neither the files nor the name can be changed unseen."
    return (
        "It is signed by name only: a changed file is detected, but not someone who can write to the folder and makes "
        f"the digests and this signature anew. Set {SIGNING_KEY_FILE} for that."
    )
