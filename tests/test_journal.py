"""The decision journal on disk: appended under a lock, never half, never glued, and always verified first."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recon_kit import journal
from recon_kit.journal.journal_file import read_head
from recon_kit.journal.lines import required_text
from recon_kit.policy import SettingsError
from tests.decisions import gap, link, written

WRITER = """
import sys
from pathlib import Path
from recon_kit import journal
from tests.decisions import link
file, name, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for i in range(number):
    kept = journal.append(file, lambda _: link(f"cus_{name}_{i}", "001", "confirm", by=name), on_interrupted=print)
    print(kept.sequence, name, i, flush=True)
"""


def start_writer(file: Path, name: str, number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(file), name, str(number)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent)


def some(folder: Path, number: int = 4) -> Path:
    return written(folder, *(link(f"cus_{i}", "001", "confirm") for i in range(number)))


def refused(file: Path, **more) -> str:
    with pytest.raises(SettingsError) as stopped:
        journal.read_journal(file, **more)
    return str(stopped.value)


def test_an_absent_journal_is_empty(tmp_path):
    known = journal.read_journal(tmp_path / "decisions.jsonl")
    assert known.decisions == ()
    assert known.content == b""


def test_each_line_names_the_hash_of_the_line_before_and_the_head_names_the_last(tmp_path):
    file = some(tmp_path)
    lines = file.read_bytes().splitlines()
    kept = [json.loads(line) for line in lines]
    assert [one["sequence"] for one in kept] == [1, 2, 3, 4]
    assert kept[0]["previous"] == "0" * 64
    assert [one["previous"] for one in kept[1:]] == [hashlib.sha256(line).hexdigest() for line in lines[:-1]]
    assert json.loads(journal.head_of(file).read_bytes()) == {
        "length": 4,
        "sha256": hashlib.sha256(lines[-1]).hexdigest(),
    }
    assert lines[0] == json.dumps(kept[0], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_two_writers_at_once_lose_nothing(tmp_path):
    file = tmp_path / "decisions.jsonl"
    writers = [start_writer(file, name, 15) for name in ("ann", "bob")]
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    known = journal.read_journal(file)
    assert [one.sequence for one in known.decisions] == list(range(1, 31))
    made = {(one.by, one.subject.customer_id) for one in known.decisions}
    assert made == {(name, f"cus_{name}_{i}") for name in ("ann", "bob") for i in range(15)}


def test_what_was_acknowledged_survives_a_kill_at_any_moment(tmp_path):
    """Writers are killed at random moments; every decision that one reported is in the journal, and the next works."""
    file, dice, told = tmp_path / "decisions.jsonl", random.Random(3), []
    for turn in range(4):
        writer = start_writer(file, f"w{turn}", 10_000)
        first = writer.stdout.readline()
        time.sleep(dice.uniform(0, 0.3))
        os.kill(writer.pid, signal.SIGKILL)
        told += [line for line in (first + writer.communicate()[0]).splitlines() if line.count(" ") == 2]
    last = start_writer(file, "last", 1)
    assert "last" in last.communicate(timeout=60)[0]
    assert last.returncode == 0
    kept = {f"{one.sequence} {one.by}" for one in journal.read_journal(file).decisions}
    assert {" ".join(line.split()[:2]) for line in told if line.endswith(tuple("0123456789"))} <= kept
    assert len(told) > 4


def test_a_half_written_line_is_named_and_set_aside_never_glued(tmp_path):
    file = some(tmp_path, 3)
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"after":{"stat')
    said = refused(file)
    assert "line 4 is half-written" in said
    assert "recon decide repair" in said
    told = []
    kept = journal.append(file, lambda _: link("cus_new", "001", "reject"), on_interrupted=told.append)
    assert kept.sequence == 4
    assert file.read_bytes().startswith(whole)
    assert len(journal.read_journal(file).decisions) == 4
    assert "Line 4 was half-written" in told[0]
    (aside,) = tmp_path.glob("decisions.half-line-4-*")
    assert aside.read_bytes() == b'{"after":{"stat'


def test_repair_sets_aside_a_half_line_and_nothing_else(tmp_path):
    file = some(tmp_path, 3)
    assert journal.repair(file) is None
    whole = file.read_bytes()
    file.write_bytes(whole + b"{")
    assert "half-written" in (journal.repair(file) or "")
    assert file.read_bytes() == whole
    file.write_bytes(whole.replace(b"cus_1", b"cus_9"))
    with pytest.raises(SettingsError, match="line 2 was edited"):
        journal.repair(file)


def test_a_crash_between_line_and_head_is_no_fault_and_the_head_moves_forward(tmp_path):
    file = some(tmp_path, 3)
    before = journal.head_of(file).read_bytes()
    journal.append(file, lambda _: link("cus_4", "001", "unsure"))
    journal.head_of(file).write_bytes(before)
    assert len(journal.read_journal(file).decisions) == 4
    assert "line 4" in (journal.repair(file) or "")
    assert read_head(file).length == 4
    journal.head_of(file).write_bytes(before)
    journal.append(file, lambda _: link("cus_5", "001", "unsure"))
    assert read_head(file).length == 5


def test_the_first_line_needs_no_head_and_more_lines_do(tmp_path):
    file = some(tmp_path, 1)
    journal.head_of(file).unlink()
    assert len(journal.read_journal(file).decisions) == 1
    file = some(tmp_path / "more", 3)
    journal.head_of(file).unlink()
    assert "decisions.head is missing" in refused(file)


def test_a_journal_that_is_gone_is_named(tmp_path):
    file = some(tmp_path, 3)
    file.unlink()
    assert "3 lines are missing at the end: decisions.head says 3" in refused(file)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b'{"length":-1,"sha256":""}', b'{"length":"3","sha256":"x"}', b"\xff"]
)
def test_a_damaged_head_is_named(tmp_path, content):
    file = some(tmp_path, 3)
    journal.head_of(file).write_bytes(content)
    assert "decisions.head, the head of the decision journal, was changed" in refused(file)


def test_cut_and_head_made_anew_is_found_by_an_earlier_close(tmp_path):
    file = some(tmp_path, 4)
    close = tmp_path / "2026-09-30"
    close.mkdir()
    anchor = journal.read_journal(file).anchor
    (close / "manifest.json").write_text(json.dumps({"journal": {"length": 4, "sha256": anchor.sha256}}))
    anchors = journal.anchors_of_closes([close, tmp_path / "nothing"])
    assert len(journal.read_journal(file, anchors).decisions) == 4
    journal.lay_out(file, b"".join(file.read_bytes().splitlines(keepends=True)[:2]), None)
    assert len(journal.read_journal(file).decisions) == 2
    said = refused(file, anchors=anchors)
    assert "2 lines are missing at the end: the close 2026-09-30 says 4, the journal ends with 2" in said


def test_a_decision_made_after_the_close_and_signed_with_it_cannot_be_cut_off(tmp_path):
    file = some(tmp_path, 4)
    close = tmp_path / "2026-09-30"
    close.mkdir()
    signed = journal.read_journal(file).anchor
    (close / "manifest.json").write_text(json.dumps({"journal": None}))
    (close / "signature.json").write_text(json.dumps({"journal": {"length": 4, "sha256": signed.sha256}}))
    journal.lay_out(file, b"".join(file.read_bytes().splitlines(keepends=True)[:3]), None)
    said = refused(file, anchors=journal.anchors_of_closes([close]))
    assert "1 line is missing at the end: the signature of the close 2026-09-30 says 4, the journal ends with 3" in said


def test_a_tampered_journal_takes_no_more_lines(tmp_path):
    file = some(tmp_path, 3)
    file.write_bytes(file.read_bytes().replace(b"cus_1", b"cus_9"))
    before = file.read_bytes()
    with pytest.raises(SettingsError, match="line 2 was edited"):
        journal.append(file, lambda _: link("cus_4", "001", "confirm"))
    assert file.read_bytes() == before


FULL_DISK = """
import resource, sys
from pathlib import Path
from recon_kit import journal
from tests.decisions import link
file = Path(sys.argv[1])
limit = file.stat().st_size + 40
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    journal.append(file, lambda _: link("cus_3", "001", "confirm"))
except OSError as fault:
    print(fault.strerror)
"""


def test_a_disk_that_refuses_leaves_the_journal_as_it_was(tmp_path):
    """Forty bytes of the line fit on the disk: they are taken back."""
    file = some(tmp_path, 2)
    before = file.read_bytes()
    command = [sys.executable, "-c", FULL_DISK, str(file)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent)
    assert result.stdout.strip() == "File too large"
    assert file.read_bytes() == before
    assert journal.append(file, lambda _: link("cus_3", "001", "confirm")).sequence == 3


def test_a_folder_that_cannot_be_written_to_can_be_read(tmp_path, monkeypatch):
    file = some(tmp_path, 2)
    (tmp_path / ".decisions.jsonl.lock").unlink(missing_ok=True)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert len(journal.read_journal(file).decisions) == 2
    assert not (tmp_path / ".decisions.jsonl.lock").exists()


def test_text_of_a_person_is_kept_on_one_line_and_never_cut(tmp_path):
    spoken = required_text("asked\nthe  AE\u2028\x1b[31mwho\ttold… “yes”", name="reason", longest=200)
    assert spoken == "asked the AE [31mwho told… “yes”"
    file = written(tmp_path, link("cus_1", "001", "confirm", reason=spoken))
    assert file.read_bytes().count(b"\n") == 1
    assert journal.read_journal(file).decisions[0].reason == spoken
    for bad, said in ((" \n", "--reason is empty"), ("x" * 201, "has 201 characters"), ("\udcff", "no text")):
        with pytest.raises(SettingsError, match=said):
            required_text(bad, name="reason", longest=200)


def test_a_decision_fits_its_subject():
    with pytest.raises(ValueError, match="a gap cannot be decided 'confirm'"):
        gap("gap_1", "confirm")
    with pytest.raises(ValueError, match="a link cannot be decided 'resolved'"):
        link("cus_1", "001", "resolved")


def test_a_line_of_a_later_layout_is_refused_not_half_understood(tmp_path):
    file = some(tmp_path, 2)
    first, second = file.read_bytes().splitlines()
    signed = json.dumps(json.loads(second) | {"signature": "x"}, sort_keys=True, separators=(",", ":")).encode()
    file.write_bytes(first + b"\n" + signed + b"\n")
    assert "line 2 was edited or is none of the journal's: signature" in refused(file)
