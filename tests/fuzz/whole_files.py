"""Damage to whole files: one read each, held to conservation and to errors with words."""

from __future__ import annotations

import gzip
import shutil
from typing import TYPE_CHECKING

from recon_kit.normalise.salesforce import read_salesforce
from recon_kit.normalise.stripe import read_stripe
from recon_kit.schemas.raw import SALESFORCE_OBJECTS, STRIPE_OBJECTS
from tests.conserved import broken_controls
from tests.stripe_records import AS_OF, POLICY

from .damage import NASTY_BYTES
from .judging import CLEAR_ERRORS, Tally, demand, rows_by_bucket, timed

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from recon_kit.quarantine import Reading

READERS = {"stripe": read_stripe, "salesforce": read_salesforce}
REQUIRED = {raw.name for raw in (*STRIPE_OBJECTS, *SALESFORCE_OBJECTS) if raw.required}


def cut(rng: Random, file: Path) -> None:
    body = file.read_bytes()
    file.write_bytes(body[: rng.randrange(len(body))])


def empty(rng: Random, file: Path) -> None:
    file.write_bytes(rng.choice([b"", b"\n\n", b"\xef\xbb\xbf"]))


def remove(rng: Random, file: Path) -> None:
    file.unlink()


def gzip_damage(rng: Random, file: Path) -> None:
    """Compress the file, then damage it; Salesforce files are only ever plain."""
    body = bytearray(gzip.compress(file.read_bytes()))
    how, place = rng.randrange(4), rng.randrange(len(body))
    if how == 1:
        body[place] ^= 1 << rng.randrange(8)
    if how == 2:
        del body[place:]
    if how == 3:
        body += rng.choice(NASTY_BYTES) * 3
    if file.suffix == ".jsonl":
        file.unlink()
        file = file.with_suffix(".jsonl.gz")
    file.write_bytes(bytes(body))


def encode(rng: Random, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_bytes(
        text.encode(rng.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1252", "utf-32"]), errors="replace")
    )


def line_ends(rng: Random, file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\n", b"\r\n\r\n", b"\n\t\n"])))


def once_more(rng: Random, file: Path) -> None:
    """A second export beside the first, here and there another."""
    body = file.read_bytes()
    changed = body.replace(rng.choice([b"0", b"1", b"e"]), b"2", rng.choice([0, 3, 50]))
    file.with_name(f"{file.stem}_2026-1{rng.randrange(3)}{file.suffix}").write_bytes(rng.choice([body, changed]))


def behind_itself(rng: Random, file: Path) -> None:
    file.write_bytes(file.read_bytes() + file.read_bytes())


def swap_files(rng: Random, file: Path) -> None:
    other = rng.choice(sorted(file.parent.iterdir()))
    file.write_bytes(other.read_bytes())


def add_footer(rng: Random, file: Path) -> None:
    file.write_bytes(
        file.read_bytes() + rng.choice([b"12 records\n", b'\n"Confidential"\n', b"\x00" * 512, b'{"a":', b'"'])
    )


def spoil_bytes(rng: Random, file: Path) -> None:
    body = bytearray(file.read_bytes())
    for _ in range(rng.choice([1, 3, 30])):
        place = rng.randrange(len(body))
        body[place : place + 1] = rng.choice(NASTY_BYTES)
    file.write_bytes(bytes(body))


def shuffle_lines(rng: Random, file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    head = lines[:1] if file.suffix == ".csv" and rng.random() < 0.8 else []
    rest = lines[len(head) :]
    rng.shuffle(rest)
    file.write_bytes(b"".join([*head, *rest]))


def other_delimiter(rng: Random, file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'","', b'"' + rng.choice([b";", b"\t", b"|", b"^"]) + b'"'))


def strip_quotes(rng: Random, file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"', b""))


WAYS = [cut, empty, remove, gzip_damage, gzip_damage, encode, line_ends, once_more, behind_itself, swap_files, add_footer, spoil_bytes, spoil_bytes, shuffle_lines, other_delimiter, strip_quotes]  # fmt: skip


def run(world: Path, rng: Random, close_dir: Path, baseline_seconds: dict[str, float]) -> Tally:
    """Damage one or two files of one system, read it, and hold the reading to conservation."""
    system = rng.choice(sorted(READERS))
    home = close_dir / "raw" / system
    shutil.copytree(world / system, home)
    way = rng.choice(WAYS)
    ways = [way.__name__]
    way(rng, rng.choice(sorted(home.iterdir())))
    if rng.random() < 0.2:
        again = rng.choice(WAYS)
        ways.append(again.__name__)
        again(rng, rng.choice([file for file in sorted(home.iterdir()) if file.stat().st_size]))
    reading, seconds = timed(lambda: READERS[system](close_dir / "raw", policy=POLICY, as_of=AS_OF))
    tally = Tally(seconds=seconds, baseline_seconds=baseline_seconds[system], reads=1)
    tally.ends[_end(close_dir, reading, system, " and ".join(ways))] += 1
    return tally


def _end(close_dir: Path, reading: Reading | Exception, system: str, way: str) -> str:
    if isinstance(reading, Exception):
        return f"whole file: {way.partition(' ')[0]}: one clear error"
    try:
        broken = broken_controls(close_dir, reading, POLICY)
    except CLEAR_ERRORS:
        return f"whole file: {way.partition(' ')[0]}: one clear error"
    demand(not broken, f"{system}, {way}: controls do not tie: {broken}")
    found = {bucket for name in set(reading.buckets["object"]) for bucket in rows_by_bucket(reading.buckets, name)}
    return f"whole file: {way.partition(' ')[0]}: " + ("in buckets" if found - {"accepted"} else "accepted")
