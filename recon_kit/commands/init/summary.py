"""What `recon init` prints: which file is what, what to look at, what is missing, and the next command."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from recon_kit.commands.init.objects import plain_name
from recon_kit.commands.init.proposal import Proposal

_WIDEST = 44
_SHOWN = 20


def summary(proposal: Proposal, params_file: Path) -> str:
    """Write what was found and what to do next, for a terminal."""
    lines = [
        *_table([("file", "holds", "records", "confidence"), *_rows(proposal)]),
        "",
        f"as of {proposal.as_of.value or '(no date found)'}, in {proposal.policy['reporting_currency'][0]}",
        *(f"{found.subject}: {found.picked.listing}" for found in proposal.lists),
        *_section("Not used:", [f"{name} {why}" for name, why in sorted(proposal.findings.unused.items())]),
        *_section("Please check:", proposal.doubts),
        *_section("Missing:", [request.message for request in proposal.requests]),
        "",
        f"Written: {params_file}",
        *_next(proposal, params_file),
    ]
    return "\n".join(lines)


def _rows(proposal: Proposal) -> Iterator[tuple[str, str, str, str]]:
    for file in proposal.findings.layout:
        weak = "to complete" if file.lacking else "medium" if file.overrides else "high"
        yield file.file.name, plain_name(file.object_name), file.file.row_count, weak
    for entry in proposal.exports:
        for place, found in enumerate(entry.objects):
            grade = "to complete" if found.lacking else found.grade
            name = entry.file.name if place == 0 else ""
            yield name, plain_name(found.object_name), entry.file.row_count if place == 0 else "", grade
    for book, count in proposal.findings.survey.books.items():
        what = "exchange rates" if book == "fx" else "seen, not used by this version yet"
        yield f"{book}/", what, f"{count} file(s)", ""


def _table(rows: list[tuple[str, str, str, str]]) -> Iterator[str]:
    widths = [min(_WIDEST, max(len(row[column]) for row in rows)) for column in range(len(rows[0]))]
    for place, row in enumerate(rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if place == 0:
            yield "  ".join("-" * width for width in widths)


def _section(title: str, items: list[str]) -> Iterator[str]:
    if items:
        yield ""
        yield title
        yield from (f"  - {item}" for item in items[:_SHOWN])
        if len(items) > _SHOWN:
            yield f"  - and {len(items) - _SHOWN} more, in the params file"


def _next(proposal: Proposal, params_file: Path) -> Iterator[str]:
    command = f"recon close --params {shlex.quote(str(params_file))}"
    if proposal.is_complete:
        yield f"Next: {command}"
    else:
        yield "A close would stop at what is missing. Export it into the folder and run this again with --out NEW.yaml,"
        yield f"or complete the entries marked MISSING in the params file, then: {command}"
