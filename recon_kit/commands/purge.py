"""Purge: delete closes older than a day, and keep of each what proves that it was made and signed."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from recon_kit.artifacts import MANIFEST, PACK, SIGNATURE
from recon_kit.params import read_params
from recon_kit.policy import SettingsError
from recon_kit.runner.manifest import read_json
from recon_kit.runner.pseudonymised import is_pseudonymised
from recon_kit.runner.signature import UnreadableSignature, read_signature

KEPT = (MANIFEST, PACK, SIGNATURE)
"""What stays of a purged close: digests, totals and names of files, and who signed them; no record of a customer."""
_LATER_RUN = re.compile(r"\.r\d+$")
_WORKING = r"\.(draft|partial|replaced|challenge|pseudonymised)(\.partial)?"
_LEFT_BEHIND = re.compile(rf"((\d{{4}}-\d{{2}}-\d{{2}})(?:\.r\d+)?){_WORKING}")
_WEEKLY_PAGE = re.compile(r"weekly_review\.(\d{4}-\d{2}-\d{2})\.html")
_MEGABYTE = 10**6


@dataclass(frozen=True)
class Close:
    """One finished close among others: its day, its folder, and the working folders beside it that came from it."""

    as_of: dt.date
    folder: Path
    beside: tuple[Path, ...]

    @property
    def wanted(self) -> str:
        """The name without ``.r2``; runs and signatures lock the folder under it."""
        return _LATER_RUN.sub("", self.folder.name)

    def doomed(self) -> list[Path]:
        """List what a purge deletes of it, sorted."""
        inside = [path for path in sorted(self.folder.iterdir()) if path.name not in KEPT]
        return [*inside, *self.beside]


def purge(
    before: str, *, params: Path | None = None, closes: Path | None = None, is_confirmed: bool = False
) -> list[str]:
    """Delete closes whose as-of is before a day; of each its manifest, its pack list and its signature stay.

    The newest as-of is never deleted, neither its runs. Drafts, leftovers of failed runs and pseudonymised packs of a
    deleted close go with it, and those of earlier days that have no close, and weekly reviews of days before. Folders
    that are no close are left alone.

    Args:
        before: the day, ``YYYY-MM-DD``.
        params: params file whose ``closes_dir`` is meant; none: that of the sample.
        closes: the folder of closes itself, before any params.
        is_confirmed: delete; otherwise only say what would be deleted.

    Returns:
        What was deleted, or would be, one line a close, in the order of their days, and a line with the sum.

    Raises:
        SettingsError: the day is none, the folder does not exist, or a run holds a close; nothing is deleted of it.
    """
    day, root = _day(before), _root(params, closes)
    found = sorted(_closes_in(root), key=lambda one: (one.as_of, one.folder.name))
    newest = max((one.as_of for one in found), default=None)
    older = [one for one in found if one.as_of < day and one.doomed()]
    kept = [one.folder.name for one in older if one.as_of == newest]
    lines = [_purged(one, is_confirmed=is_confirmed) for one in older if one.as_of != newest]
    pages = [_purged_page(page, is_confirmed=is_confirmed) for page in _weekly_pages(root, day)]
    pages += [_purged_rest(rest, is_confirmed=is_confirmed) for rest in _left_behind(root, day, found)]
    kept_told = [f"{name} is kept: it is the newest." for name in kept]
    if not lines:
        return [*pages, *kept_told, f"No close in {root.name} with an as-of before {day} is left to delete."]
    last = (
        f"{len(lines)} close(s) deleted; {', '.join(KEPT)} of each stay."
        if is_confirmed
        else f"Nothing was deleted. With --yes {len(lines)} close(s) would be; {', '.join(KEPT)} of each would stay."
    )
    return [*lines, *pages, *kept_told, last]


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as fault:
        raise SettingsError(f"--before: {text!r} is no day. Write it as YYYY-MM-DD.") from fault


def _root(params: Path | None, closes: Path | None) -> Path:
    settings = read_params(params) if closes is None else None
    root = closes.resolve() if closes else settings.resolve(settings.closes_dir) if settings else Path()
    if not root.is_dir():
        raise SettingsError(f"There is no folder of closes {root}. Give --closes, or --params whose closes_dir it is.")
    return root


def _closes_in(root: Path) -> Iterator[Close]:
    """Find the closes of a folder: folders of their own with a manifest that names a day; a link is never followed."""
    folders = [path for path in sorted(root.iterdir()) if path.is_dir() and not path.is_symlink()]
    for folder in folders:
        day = _as_of(folder)
        if day is not None:
            own = re.compile(rf"{re.escape(folder.name)}{_WORKING}")
            yield Close(day, folder, tuple(path for path in folders if own.fullmatch(path.name)))


def _as_of(folder: Path) -> dt.date | None:
    try:
        manifest = read_json(folder / MANIFEST)
        return None if is_pseudonymised(manifest) else dt.date.fromisoformat(manifest["as_of"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _weekly_pages(root: Path, before: dt.date) -> list[Path]:
    """List the weekly reviews of earlier days: they name the customers of the closes that go."""
    found = {page: _WEEKLY_PAGE.fullmatch(page.name) for page in sorted(root.iterdir()) if page.is_file()}
    return [page for page, match in found.items() if match and match[1] < before.isoformat()]


def _purged_page(page: Path, *, is_confirmed: bool) -> str:
    if is_confirmed:
        page.unlink()
    return f"{page.name}: {'deleted' if is_confirmed else 'would be deleted'}"


def _left_behind(root: Path, before: dt.date, closes: Sequence[Close]) -> list[Path]:
    """List working folders of earlier days whose close does not lie here, such as those of a run that never ended."""
    owned = {path for one in closes for path in one.beside}
    kept = {one.as_of.isoformat() for one in closes[-1:]}
    named = {path: _LEFT_BEHIND.fullmatch(path.name) for path in sorted(root.iterdir()) if path not in owned}
    return [
        path
        for path, match in named.items()
        if match and match[2] < before.isoformat() and match[2] not in kept and path.is_dir() and not path.is_symlink()
    ]


def _purged_rest(folder: Path, *, is_confirmed: bool) -> str:
    match = _LEFT_BEHIND.fullmatch(folder.name)
    if is_confirmed and match:
        _delete(folder.parent, _LATER_RUN.sub("", match[1]), [folder])
    return f"{folder.name}/, of no finished close: {'deleted' if is_confirmed else 'would be deleted'}"


def _purged(close: Close, *, is_confirmed: bool) -> str:
    doomed = close.doomed()
    files = [file for path in doomed for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    size = sum(file.stat().st_size for file in files) / _MEGABYTE
    parts = ", ".join(path.name + ("/" if path.is_dir() else "") for path in doomed)
    if is_confirmed:
        _delete(close.folder.parent, close.wanted, doomed)
    did = "deleted" if is_confirmed else "would be deleted"
    return f"{close.folder.name}{_signer(close.folder)}: {len(files)} files, {size:,.1f} MB {did}: {parts}"


def _signer(folder: Path) -> str:
    try:
        signature = read_signature(folder)
    except UnreadableSignature:
        return " (its signature cannot be read)"
    return f" (signed by {signature.said})" if signature else ""


def _delete(root: Path, wanted: str, doomed: list[Path]) -> None:
    try:
        with FileLock(root / f".{wanted}.lock", timeout=0):
            for path in doomed:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
    except Timeout as fault:
        raise SettingsError(f"Another run is writing {wanted}. Purge when it has ended.") from fault
