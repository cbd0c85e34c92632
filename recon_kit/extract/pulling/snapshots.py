"""The folder of snapshots of one system: each pull is one, self-contained, and named by when it began."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from recon_kit.artifacts import PARTIAL, PRIVATE_FOLDER, write_atomically
from recon_kit.extract.pulling.faults import PullStopped
from recon_kit.extract.pulling.record import PullRecord
from recon_kit.extract.pulling.snapshot_store import SnapshotStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

STORE = "objects.sqlite"
RECORD = "snapshot.json"
KEPT = 7
"""Complete snapshots of a system that are kept; each holds everything, and all events ever seen."""
_BEING_MADE = ".making"


@dataclass(frozen=True)
class Snapshot:
    """One pull on disk; its folder ends in ``.partial`` until it is complete."""

    path: Path

    @property
    def name(self) -> str:
        """When it began, such as ``20261031T220000Z``."""
        return self.path.name.removesuffix(PARTIAL)

    @property
    def file(self) -> Path:
        """The store's file."""
        return self.path / STORE

    def open(self, *, read_only: bool = False) -> SnapshotStore:
        """Open its store."""
        return SnapshotStore(self.file, read_only=read_only)

    def record(self) -> PullRecord:
        """Read what the pull did."""
        return PullRecord.read(self.path / RECORD)

    def write_record(self, record: PullRecord) -> None:
        """Keep what the pull did, or did so far."""
        write_atomically(self.path / RECORD, record.to_json())


@dataclass(frozen=True)
class Snapshots:
    """The snapshots of one system, private to the user: ``<folder>/<system>/<name>/`` holds store and record."""

    folder: Path
    system: str

    @property
    def home(self) -> Path:
        """The folder of this system."""
        return self.folder / self.system

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other pulls of this system out; also clears what a kill left half made.

        Raises:
            PullStopped: another pull is running.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        for folder in (self.folder, self.home):
            folder.chmod(PRIVATE_FOLDER)
        lock = FileLock(self.home / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            message = (
                f"Another pull from {self.system} is writing to {self.home}. Wait for it, or stop it, then run again."
            )
            raise PullStopped(message) from None
        try:
            for left in self.home.glob(f"*{_BEING_MADE}"):
                shutil.rmtree(left)
            yield
        finally:
            lock.release()

    def finished(self) -> list[Snapshot]:
        """List the complete snapshots, oldest first."""
        folders = sorted(self.home.iterdir()) if self.home.is_dir() else []
        return [Snapshot(folder) for folder in folders if (folder / RECORD).is_file() and not folder.suffix]

    def newest(self) -> Snapshot | None:
        """Find the last complete snapshot."""
        found = self.finished()
        return found[-1] if found else None

    def named(self, name: str) -> Snapshot:
        """Find the snapshot of a record, complete or not."""
        whole = self.home / name
        return Snapshot(whole if whole.is_dir() else self.home / f"{name}{PARTIAL}")

    def partial(self) -> Snapshot | None:
        """Find the snapshot that a pull began and did not complete."""
        found = sorted(self.home.glob(f"*{PARTIAL}")) if self.home.is_dir() else []
        return Snapshot(found[-1]) if found else None

    def begin(
        self, started_at: str, *, copy_of: Snapshot | None = None, facts: Mapping[str, Any] | None = None
    ) -> Snapshot:
        """Make a new partial snapshot, empty or with the store of another; an older partial one is dropped.

        Args:
            started_at: ISO 8601 in UTC.
            copy_of: the snapshot to merge what changed into; its records are taken over, its facts are not.
            facts: to be kept in the store from the beginning.
        """
        self.drop_partial()
        name = self._free_name(started_at[:19].replace("-", "").replace(":", "") + "Z")
        making = self.home / f"{name}{_BEING_MADE}"
        making.mkdir(mode=PRIVATE_FOLDER)
        if copy_of is not None:
            shutil.copyfile(copy_of.file, making / STORE)
        with SnapshotStore(making / STORE) as store:
            store.forget()
            store.set_facts(started_at=started_at, **(facts or {}))
            store.seal()
        os.chmod(making / STORE, 0o600)  # noqa: PTH101
        return Snapshot(making.rename(self.home / f"{name}{PARTIAL}"))

    def drop_partial(self) -> None:
        """Delete what a pull began and nothing will go on with."""
        for folder in self.home.glob(f"*{PARTIAL}"):
            shutil.rmtree(folder)

    def finish(self, snapshot: Snapshot, record: PullRecord) -> Snapshot:
        """Make a partial snapshot, whose store is sealed, a complete one; only the newest ones are kept."""
        snapshot.write_record(record)
        finished = Snapshot(snapshot.path.rename(self.home / snapshot.name))
        for old in self.finished()[:-KEPT]:
            shutil.rmtree(old.path)
        return finished

    def _free_name(self, wanted: str) -> str:
        """Two pulls may begin within a second."""
        names = (wanted, *(f"{wanted}-{number}" for number in range(2, 1_000)))
        return next(name for name in names if not (self.home / name).exists())
