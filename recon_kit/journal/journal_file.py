"""The journal on disk: ``decisions.jsonl`` with its head beside it; appended under a lock, never half, never glued."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recon_kit.artifacts import canonical_json, write_atomically
from recon_kit.journal.chain import Anchor, Chain, faults_of, half_written, read_chain
from recon_kit.journal.lines import FIRST, Decision, Entry, digest, encode
from recon_kit.journal.signatures import signature_faults, with_signature
from recon_kit.policy import SettingsError
from recon_kit.signing import SIGNING_KEY_FILE, SigningKey, known_public_key, signing_key

LOCK_SECONDS = 60
_SHOWN = 5
_PRIVATE_FILE = 0o600
_AS_IT_IS = getattr(os, "O_BINARY", 0)  # Windows would write another line break than was hashed


class Head(BaseModel):
    """What stands in the head file: how many lines, the SHA-256 of the last, and whose key signs them, if one does."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    length: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    public_key: str | None = None


@dataclass(frozen=True)
class Journal:
    """A journal that verifies: its bytes, its decisions in order, and what it now is."""

    content: bytes
    decisions: tuple[Decision, ...]
    anchor: Anchor


def head_of(journal: Path) -> Path:
    """Return where a journal's head lies: beside it, ``decisions.head`` for ``decisions.jsonl``."""
    return journal.with_suffix(".head")


def read_journal(journal: Path, anchors: Sequence[Anchor] = (), *, has_head: bool = True) -> Journal:
    """Read a journal and verify it; one that does not exist is empty.

    Args:
        journal: the file.
        anchors: what earlier closes rest on.
        has_head: compare it with its head file; a copy in a close folder has none.

    Raises:
        SettingsError: it does not verify; names every line at fault.
    """
    with _locked(journal) if has_head else contextlib.nullcontext():
        return _verified(journal, anchors, has_head=has_head)


def append(
    journal: Path,
    entry: Callable[[Journal], Entry],
    anchors: Sequence[Anchor] = (),
    *,
    on_interrupted: Callable[[str], None] = lambda _: None,
) -> Decision:
    """Append a decision as the journal's next line, then move the head forward.

    The journal is verified first. A line that an interrupted run left half-written is set aside before, so that nothing
    is glued to it.

    Args:
        journal: the file; made when it does not exist.
        entry: is given the verified journal once it is locked, and gives the decision: so times rise with line numbers.
        anchors: what earlier closes rest on.
        on_interrupted: is told in words when a half-written line was set aside.

    Raises:
        SettingsError: the journal does not verify, or another writer holds it for a minute.
        OSError: the disk refuses; the journal is then as it was before.
    """
    return append_all(journal, lambda known: [entry(known)], anchors, on_interrupted=on_interrupted)[0]


def append_all(
    journal: Path,
    entries: Callable[[Journal], Sequence[Entry]],
    anchors: Sequence[Anchor] = (),
    *,
    on_interrupted: Callable[[str], None] = lambda _: None,
) -> list[Decision]:
    """Append several decisions under one lock, each as the next line, the head moved forward with each.

    Args:
        journal: the file; made when it does not exist.
        entries: is given the verified journal once it is locked, and gives what to append, in order; may be empty.
        anchors: what earlier closes rest on.
        on_interrupted: is told in words when a half-written line was set aside.

    Raises:
        SettingsError: the journal does not verify, its lines are signed and there is no key to sign with, or another
            writer holds it for a minute.
        OSError: the disk refuses; the lines before are kept, and the one at fault is taken back.
    """
    journal.parent.mkdir(parents=True, exist_ok=True)
    with _locked(journal):
        if told := _set_aside(journal, anchors):
            on_interrupted(told)
        known = _verified(journal, anchors, has_head=True)
        anchor, key, written = known.anchor, _key_for(journal, known), list[Decision]()
        for entry in entries(known):
            unsigned = Decision(**dict(entry), sequence=anchor.length + 1, previous=anchor.sha256)
            decision = with_signature(unsigned, key)
            line = encode(decision)
            _write_line(journal, line)
            anchor = Anchor(decision.sequence, digest(line), "the journal")
            _write_head(journal, anchor.length, anchor.sha256, key)
            written.append(decision)
        return written


def repair(journal: Path) -> str | None:
    """Set a half-written last line aside, and move the head to a line that was written after it.

    Returns:
        What was done, in words; none when there was nothing to do.

    Raises:
        SettingsError: the journal has another fault; nothing is changed then.
    """
    with _locked(journal):
        told = _set_aside(journal, ())
        known = _verified(journal, (), has_head=True)
        head = read_head(journal)
        if head is None or (head.length, head.sha256) != (known.anchor.length, known.anchor.sha256):
            _write_head(journal, known.anchor.length, known.anchor.sha256)
            told = told or f"{head_of(journal).name} now names line {known.anchor.length}, the last one."
        return told


def read_head(journal: Path) -> Head | None:
    """Read length and hash of the last line from the head file; none when there is no such file.

    Raises:
        SettingsError: it cannot be read.
    """
    path = head_of(journal)
    if not path.is_file():
        return None
    try:
        return Head.model_validate_json(path.read_bytes())
    except ValidationError as fault:
        raise SettingsError(
            f"{path.name}, the head of the decision journal, was changed: it must hold length, sha256, perhaps "
            "public_key and nothing else. Restore it from a copy; no decision is applied until then."
        ) from fault


def lay_out(journal: Path, content: bytes, anchor: Anchor | None) -> None:
    """Lay a close's copy of a journal out with the head that its manifest vouches for, to be read like any other."""
    write_atomically(journal, content)
    known = anchor or read_chain(content).anchor
    _write_head(journal, known.length, known.sha256)


@contextlib.contextmanager
def _locked(journal: Path) -> Iterator[None]:
    """Hold the journal's lock; a folder that cannot be written to has no writer to wait for."""
    if not os.access(journal.parent, os.W_OK):
        yield
        return
    try:
        with FileLock(journal.with_name(f".{journal.name}.lock"), timeout=LOCK_SECONDS):
            yield
    except Timeout as fault:
        message = f"Another run has held {journal.name} for {LOCK_SECONDS} seconds. Wait until it ends, and try again."
        raise SettingsError(message) from fault


def _verified(journal: Path, anchors: Sequence[Anchor], *, has_head: bool) -> Journal:
    chain = read_chain(journal.read_bytes() if journal.is_file() else b"")
    decisions = tuple(read for read in chain.decisions if isinstance(read, Decision))
    faults = faults_of(chain, head=_head_anchor(journal) if has_head else None, anchors=anchors)
    faults = faults or _forged(journal, decisions, has_head=has_head)
    if faults:
        raise SettingsError(_describe(journal, faults))
    return Journal(b"".join(line + b"\n" for line in chain.lines), decisions, chain.anchor)


def _forged(journal: Path, decisions: Sequence[Decision], *, has_head: bool) -> list[str]:
    """Name lines that the holder of the key did not write: the key of the environment, else that of the head."""
    head, known = read_head(journal) if has_head else None, known_public_key()
    own = head.public_key if head else None
    if known and own and known != own:
        return [f"{head_of(journal).name} names another public key than {SIGNING_KEY_FILE}, so the lines may be forged"]
    if own and decisions and all(one.signature is None for one in decisions):  # a head names a key once a line has one
        return [f"every line is forged: none carries a signature, though {head_of(journal).name} names the key of some"]
    return signature_faults(decisions, known or own, SIGNING_KEY_FILE if known else head_of(journal).name)


def _head_anchor(journal: Path) -> Anchor:
    """What the head says; a journal without head is one whose first line may just have been written."""
    head = read_head(journal) or Head(length=0, sha256=FIRST)
    name = head_of(journal).name
    return Anchor(head.length, head.sha256, name if head_of(journal).is_file() else f"{name} is missing, so it")


def _describe(journal: Path, faults: list[str]) -> str:
    lines = "\n".join(f"  - {fault}" for fault in faults[:_SHOWN])
    more = f"\n  and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    todo = (
        "`recon decide repair` sets the half line aside; then make that decision again."
        if len(faults) == 1 and "half-written" in faults[0]
        else f"Restore {journal.name} and {head_of(journal).name} from a copy, and ask who changed them."
    )
    if any("another journal" in fault for fault in faults):
        todo += " If it is another journal on purpose, give its closes a closes_dir of their own."
    return f"The decision journal {journal.name} does not verify, so no decision is applied:\n{lines}{more}\n{todo}"


def _set_aside(journal: Path, anchors: Sequence[Anchor]) -> str | None:
    """Take a half-written last line out of the journal into a file of its own; only when the rest verifies."""
    content = journal.read_bytes() if journal.is_file() else b""
    if not content or content.endswith(b"\n"):
        return None
    chain = read_chain(content)
    whole = Chain(chain.lines, chain.decisions, b"")
    faults = faults_of(whole, head=_head_anchor(journal), anchors=anchors)
    if faults:
        raise SettingsError(_describe(journal, [*faults, *half_written(chain)]))
    number = len(chain.lines) + 1
    aside = journal.with_name(f"{journal.stem}.half-line-{number}-{digest(chain.rest)[:8]}")
    write_atomically(aside, chain.rest)
    with journal.open("r+b") as file:
        file.truncate(len(content) - len(chain.rest))
        os.fsync(file.fileno())
    return f"Line {number} was half-written by an interrupted run; it is no decision and now lies in {aside.name}."


def _write_line(journal: Path, line: bytes) -> None:
    """Add one line in one write and wait until the disk has it; on a refusal take back what was written."""
    handle = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _AS_IT_IS, _PRIVATE_FILE)
    try:
        size = os.fstat(handle).st_size
        try:
            _write_whole(handle, line + b"\n")
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, size)
            raise
    finally:
        os.close(handle)


def _write_whole(handle: int, content: bytes) -> None:
    while content:
        content = content[os.write(handle, content) :]


def _key_for(journal: Path, known: Journal) -> SigningKey | None:
    """Take the key that signs what is appended; a signed journal takes no line without one."""
    key = signing_key()
    if key is None and any(decision.signature for decision in known.decisions):
        raise SettingsError(f"The lines of {journal.name} are signed: set {SIGNING_KEY_FILE} to add one.")
    return key


def _write_head(journal: Path, length: int, sha256: str, key: SigningKey | None = None) -> None:
    """Write the head; once a key signs lines, every later head names its public half."""
    before = read_head(journal)
    public_key = key.public_key if key else before.public_key if before else None
    head = Head(length=length, sha256=sha256, public_key=public_key)
    write_atomically(head_of(journal), canonical_json(head.model_dump(exclude_none=True)))
