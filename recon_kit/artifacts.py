"""Artifacts: the close folder, atomic and deterministic writing, digests."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PRIVATE_FOLDER = 0o700
PARTIAL = ".partial"
MANIFEST = "manifest.json"
PACK = "pack.json"
RUN = "run.json"
SIGNATURE = "signature.json"
EVIDENCE_PARTS = ("raw", "inputs", "tables")
"""The folders whose every byte the manifest vouches for."""
_ROW_GROUP = 250_000


class FinishedClose(RuntimeError):  # noqa: N818  (says what it is; nothing is wrong with the close)
    """A finished close would be changed."""


class MissingTable(RuntimeError):  # noqa: N818
    """A table that an earlier notebook should have written is not there."""


@dataclass(frozen=True)
class CloseFolder:
    """One close on disk: ``raw/ inputs/ tables/ notebooks/ html/`` and its manifest."""

    path: Path

    @property
    def raw(self) -> Path:
        """What each system said, unaltered."""
        return self.path / "raw"

    @property
    def inputs(self) -> Path:
        """What else the figures rest on."""
        return self.path / "inputs"

    @property
    def tables(self) -> Path:
        """One Parquet file a table."""
        return self.path / "tables"

    @property
    def notebooks(self) -> Path:
        """The executed notebooks."""
        return self.path / "notebooks"

    @property
    def html(self) -> Path:
        """The pages of the pack."""
        return self.path / "html"

    @property
    def is_finished(self) -> bool:
        """Whether the close has its manifest; from then on its figures do not change."""
        return (self.path / MANIFEST).is_file()

    @property
    def is_purged(self) -> bool:
        """Whether ``recon purge`` left only what proves that the close was made."""
        return self.is_finished and not any(part.is_dir() for part in (self.raw, self.tables, self.html))

    def create(self) -> CloseFolder:
        """Make the folder and its parts, private to the user; what exists is kept."""
        for part in (self.path, self.raw, self.inputs, self.tables, self.notebooks, self.html):
            part.mkdir(parents=True, exist_ok=True)
            part.chmod(PRIVATE_FOLDER)
        return self

    def table_path(self, name: str) -> Path:
        """Return where a table lies; ``KeyError`` for a name no schema declares."""
        return self.tables / f"{TABLES[name].name}.parquet"

    def has_table(self, name: str) -> bool:
        """Tell whether a table has been written."""
        return self.table_path(name).is_file()

    def read_table(self, name: str) -> pl.LazyFrame:
        """Scan a table.

        Raises:
            MissingTable: it has not been written yet.
        """
        path = self.table_path(name)
        if not path.is_file() and self.is_purged:
            raise MissingTable(f"{self.path.name} was purged: only its manifest is kept, so there is no table {name}.")
        if not path.is_file():
            message = f"There is no table {name} in this close folder yet. Run the earlier notebooks, or `recon close`."
            raise MissingTable(message)
        return pl.scan_parquet(path)

    def write_table(self, name: str, frame: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
        """Check a frame against its schema, sort it by key, and write it atomically.

        Returns:
            The rows as written.

        Raises:
            SchemaError: the frame is not what the table promises.
            FinishedClose: the close is finished and its table differs.
        """
        rows = TABLES[name].conform(frame.collect() if isinstance(frame, pl.LazyFrame) else frame)
        self.write(self.table_path(name), parquet_bytes(rows))
        return rows

    def write(self, path: Path, content: bytes) -> None:
        """Write a file of this close atomically; equal content is left as it is.

        Raises:
            FinishedClose: the close is finished and the file's content differs.
        """
        if path.is_file() and path.read_bytes() == content:
            return
        if self.is_finished:
            message = (
                f"The close {self.path.name} is finished and {path.relative_to(self.path)} would change. "
                "Run into another folder (close_dir or --out), or run `recon close` again."
            )
            raise FinishedClose(message)
        write_atomically(path, content)

    def evidence_files(self) -> Iterator[Path]:
        """Walk the files the manifest vouches for, sorted by path."""
        for part in EVIDENCE_PARTS:
            yield from sorted(file for file in (self.path / part).rglob("*") if file.is_file())


def parquet_bytes(rows: pl.DataFrame) -> bytes:
    """Encode a table so that equal rows give equal bytes."""
    buffer = BytesIO()
    rows.write_parquet(buffer, compression="zstd", compression_level=3, statistics=True, row_group_size=_ROW_GROUP)
    return buffer.getvalue()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name beside it and rename it, so that no half-written file carries the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def canonical_json(content: Mapping[str, object] | list[object]) -> bytes:
    """Write JSON so that equal content gives equal bytes."""
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False)
    return (text + "\n").encode()


def digest_bytes(content: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_tree(root: Path, pattern: str = "*") -> str:
    """Return one SHA-256 over the relative names and contents of a folder's files (a file counts as itself)."""
    if root.is_file():
        return digest_file(root)
    files = sorted(file for file in root.rglob(pattern) if file.is_file() and "__pycache__" not in file.parts)
    lines = [f"{file.relative_to(root).as_posix()} {digest_file(file)}\n" for file in files]
    return digest_bytes("".join(lines).encode())
