"""The proposal as YAML, with the reason of each guess as a comment beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import yaml

from recon_kit.commands.init.layout import home_of
from recon_kit.commands.init.matching import FieldMatch
from recon_kit.commands.init.objects import plain_name
from recon_kit.commands.init.proposal import ExportEntry, Proposal
from recon_kit.commands.init.recognise import ObjectMap
from recon_kit.commands.init.spellings import usual_header

_COMMENT_AT = 46
_MISSING = "MISSING"


def write_yaml(proposal: Proposal, params_file: Path) -> str:
    """Write the proposal as the text of a params file.

    Args:
        proposal: what was found.
        params_file: where it will lie; its paths are relative to that.

    Returns:
        YAML that ``read_params`` accepts, also where something is missing: that stands in it as a comment.
    """
    folder = proposal.findings.survey.folder
    lines = [
        *_head(proposal),
        _line("as_of: " + (proposal.as_of.value or "2000-01-31"), proposal.as_of.reason),
        _line(f"closes_dir: {_scalar(_closes_dir(folder, params_file))}", "parent of the close folders"),
        _line(f"decisions: {_scalar(_decisions_file(folder, params_file))}", "what people decide"),
        *_sources(proposal, _relative(folder, params_file.parent)),
        *_fields(proposal),
        *_columns(proposal),
        *_policy(proposal),
    ]
    return "\n".join(lines) + "\n"


def _head(proposal: Proposal) -> Iterator[str]:
    yield "# Proposed by recon init from the headers and first records of a folder. The comments say why each value"
    yield "# stands here; a number is a confidence: 0.95 a known spelling, 0.85 the same words, 0.65 a like spelling,"
    yield "# 0.55 the values alone; 0.04 more where the values agree."
    for request in proposal.requests:
        yield _comment(f"{_MISSING}: {request.message}")
    for doubt in proposal.doubts:
        yield _comment(f"PLEASE CHECK: {doubt}")


def _closes_dir(folder: Path, params_file: Path) -> str:
    """Name a folder for the closes that is not read as exports."""
    home = params_file.parent
    beside = folder.parent / f"{folder.name}-closes" if home.is_relative_to(folder) else home / f"closes-{folder.name}"
    return _relative(beside, home)


def _decisions_file(folder: Path, params_file: Path) -> str:
    """Name a journal that is not read as an export, beside the folder for the closes."""
    closes = Path(_closes_dir(folder, params_file))
    return closes.with_name(f"decisions-{folder.name}.jsonl").as_posix()


def _relative(path: Path, home: Path) -> str:
    try:
        return Path(os.path.relpath(path, home)).as_posix()
    except ValueError:
        return path.as_posix()


def _sources(proposal: Proposal, path: str) -> Iterator[str]:
    yield "source:"
    for system in ("stripe", "salesforce"):
        yield _line(f"  {system}: {{kind: files, path: {_scalar(path)}}}", _what_is_read(proposal, system))
    for book in ("ledger", "bank"):
        count = proposal.findings.survey.books.get(book)
        yield _line(f"  {book}: {{kind: none}}", f"{count} file(s) seen, not used by this version yet" if count else "")


def _what_is_read(proposal: Proposal, system: str) -> str:
    layout = [file.file.name for file in proposal.findings.layout if file.object_name.startswith(f"{system}/")]
    mapped = [m for entry in proposal.exports for m in entry.objects if m.object_name.startswith(f"{system}/")]
    parts = [f"{len(layout)} file(s) read as they are"] if layout else []
    parts += [f"{len({m.file.name for m in mapped})} export(s) read through columns below"] if mapped else []
    return " and ".join(parts) or "nothing found"


def _fields(proposal: Proposal) -> Iterator[str]:
    if not proposal.overrides:
        return
    yield _line("fields:", "our field: the columns it is read from, the first that is filled")
    for part, keys in proposal.overrides.items():
        yield f"  {part}:"
        for key, (columns, match) in keys.items():
            yield _line(f"    {key}: [{', '.join(_scalar(column) for column in columns)}]", _why(match))


def _columns(proposal: Proposal) -> Iterator[str]:
    if not proposal.exports:
        return
    yield _line("columns:", "file: object: field of the layout: header of the file")
    for entry in proposal.exports:
        system = entry.objects[0].object_name.split("/")[0]
        yield from _entry(entry, home_of(proposal.findings.survey.folder, system))


def _entry(entry: ExportEntry, home: str) -> Iterator[str]:
    encoding = "" if entry.file.encoding.startswith("utf") else f"; read as {entry.file.encoding}: check accents"
    yield _line(f"  {_scalar(entry.file.name.removeprefix(home))}:", f"{entry.file.row_count} records{encoding}")
    yield "    objects:"
    for found in entry.objects:
        yield _line(f"      {found.object_name}:", f"{plain_name(found.object_name)}, confidence {found.grade}")
        yield from (
            _line(f"        {_scalar(match.field)}: {_scalar(match.header)}", _why(match)) for match in found.matches
        )
        yield from (_missing_field(found, group) for group in found.lacking)
    unused = _unused(entry)
    if unused:
        yield _comment(f"not used: {', '.join(unused)}", indent=4)
    if entry.dates and entry.dates.format:
        yield _line(f"    dates: {_scalar(entry.dates.format)}", entry.dates.reason)
    if entry.decimal[0] != ".":
        yield _line(f"    decimal: {_scalar(entry.decimal[0])}", entry.decimal[1])
    if entry.minor:
        yield _line(f"    amounts: {entry.minor.value}", entry.minor.reason)


def _missing_field(found: ObjectMap, group: list[str]) -> str:
    header = usual_header(found.object_name, group[0], found.file.header)
    return f"        # {group[0]}: {_scalar(header)}  # {_MISSING}: add the column, or write the header that holds it"


def _unused(entry: ExportEntry) -> list[str]:
    used = {match.header for found in entry.objects for match in found.matches}
    return [header for header in entry.file.header if header not in used]


def _policy(proposal: Proposal) -> Iterator[str]:
    yield _line("policy:", "every other key has its default")
    for key, (value, reason) in proposal.policy.items():
        text = f"[{', '.join(_scalar(item) for item in value)}]" if isinstance(value, list) else _scalar(str(value))
        yield _line(f"  {key}: {text}", reason)
    for found in proposal.lists:
        values = found.picked.unclear
        rest = f"no key is proposed for {found.picked.shown(values)}" if values else "every value has its key"
        yield _comment(f"{found.subject} ({found.picked.column}): {rest}", indent=2)


def _why(match: FieldMatch) -> str:
    return f"{match.confidence:.2f} {match.grade}: {match.reason}"


def _scalar(value: str) -> str:
    """Write a text as YAML on one line, in quotes only where it needs them."""
    written = yaml.safe_dump(value, allow_unicode=True, width=10**6, default_flow_style=True)
    text = written.removesuffix("\n").removesuffix("...").removesuffix("\n")
    if "\n" in text or (set(text) & set(",[]{}") and not text.startswith(("'", '"'))):
        text = yaml.safe_dump(value, allow_unicode=True, width=10**6, default_style='"').removesuffix("\n")
    return text


def _line(content: str, comment: str) -> str:
    return f"{content:<{_COMMENT_AT - 1}} # {_plain(comment)}" if comment else content


def _comment(text: str, indent: int = 0) -> str:
    return f"{' ' * indent}# {_plain(text)}"


def _plain(text: str) -> str:
    """Keep a comment on its line, whatever the headers in it hold."""
    return "".join(sign if sign.isprintable() else " " for sign in " ".join(text.split()))
