"""Whatever single thing is done to a journal, it is detected, and the message names the line."""

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recon_kit import journal
from recon_kit.journal.chain import Anchor, faults_of, read_chain
from recon_kit.journal.lines import FIRST, digest, plain_text
from tests.decisions import gap, link, written

LENGTH = 7


@pytest.fixture(scope="module")
def lines():
    with tempfile.TemporaryDirectory() as folder:
        kinds = ["confirm", "reject", "unsure"]
        made = [link(f"cus_{i}", f"001{i}", kinds[i % 3], reason=f"because of “{i}”") for i in range(LENGTH - 2)]
        file = written(Path(folder), *made, gap("gap_1", "accept"), gap("gap_1", "resolved"))
        return tuple(file.read_bytes().splitlines())


def joined(lines):
    return b"".join(line + b"\n" for line in lines)


def head_of(lines):
    return Anchor(len(lines), digest(lines[-1]) if lines else FIRST, "decisions.head")


def faults(content, lines, **more):
    return faults_of(read_chain(content), head=head_of(lines), **more)


def names(found, *places):
    """Every fault names a line by number, and all of them together name these."""
    told = " ".join(found)
    said = {int(number) for number in re.findall(r"\d+", told)}
    for low, high in re.findall(r"(\d+) to (\d+)", told):
        said |= set(range(int(low), int(high) + 1))
    return set(places) <= said and all("line" in one for one in found)


PLACES = st.integers(0, LENGTH - 1)


def test_an_untouched_journal_has_no_fault(lines):
    assert faults(joined(lines), lines) == []
    assert faults_of(read_chain(b""), head=head_of(())) == []


@given(place=PLACES, at=st.integers(0, 5_000), byte=st.integers(0, 255))
def test_one_edited_byte(lines, place, at, byte):
    line = bytearray(lines[place])
    at %= len(line)
    assume(line[at] != byte)
    line[at] = byte
    found = faults(joined([*lines[:place], bytes(line), *lines[place + 1 :]]), lines)
    assert found
    assert names(found, place + 1), found


@given(place=PLACES, word=st.sampled_from([b"Ann Lee", b"asked", b"because", b"2026-11-03", b"confirm", b"ab"]))
def test_an_edit_that_is_still_a_decision(lines, place, word):
    assume(word in lines[place])
    other = {b"confirm": b"reject", b"ab": b"ba", b"2026-11-03": b"2026-11-04"}.get(word, b"Bob")
    changed = lines[place].replace(word, other, 1)
    found = faults(joined([*lines[:place], changed, *lines[place + 1 :]]), lines)
    assert len(found) == 1
    assert f"line {place + 1} was edited" in found[0], found


@given(first=PLACES, number=st.integers(1, LENGTH))
def test_deleted_lines(lines, first, number):
    last = min(first + number, LENGTH)
    found = faults(joined([*lines[:first], *lines[last:]]), lines)
    assert found
    assert "missing" in found[0], found
    gone = range(first + 1, last + 1)
    if last < LENGTH:
        assert names(found, *gone), found
    else:
        assert f"{len(gone)} line" in found[0], found
        assert f"says {LENGTH}" in found[0], found


@given(st.permutations(range(LENGTH)))
def test_another_order(lines, order):
    moved = [place + 1 for place, number in enumerate(order) if place != number]
    assume(moved)
    found = faults(joined([lines[number] for number in order]), lines)
    assert len(found) == 1
    assert names(found, *moved), found
    assert ("exchanged" in found[0]) == (len(moved) == 2)


@given(cut=st.integers(1, 10_000))
def test_a_cut_file(lines, cut):
    whole = joined(lines)
    content = whole[: -(cut % len(whole)) or -1]
    found = faults(content, lines)
    assert found
    left = content.count(b"\n")
    assert f"{LENGTH - left} line" in found[0], found
    assert "missing at the end" in found[0], found


@given(place=PLACES, source=PLACES)
def test_an_added_line(lines, place, source):
    found = faults(joined([*lines[:place], lines[source], *lines[place:]]), lines)
    assert found
    assert names(found, place + 1) or names(found, source + 1), found


@given(place=PLACES)
def test_lines_made_anew_after_an_edit_are_found_by_the_newest_anchor(lines, place):
    """Somebody who edits a line and makes every hash and the head after it anew is betrayed by an earlier close."""
    decisions = [read_chain(line + b"\n").decisions[0] for line in lines]
    forged = list(lines[:place])
    for one in decisions[place:]:
        told = "forged" if one.sequence == place + 1 else one.reason
        previous = digest(forged[-1]) if forged else FIRST
        forged.append(journal.lines.encode(one.model_copy(update={"reason": told, "previous": previous})))
    assert faults_of(read_chain(joined(forged)), head=head_of(forged)) == []
    kept = [Anchor(length, digest(lines[length - 1]), f"the close {length}") for length in (2, 5, LENGTH)]
    found = faults_of(read_chain(joined(forged)), head=head_of(forged), anchors=kept)
    assert len(found) == 1
    assert names(found, place + 1), found
    sound = max([one.length for one in kept if one.length <= place], default=0)
    assert not set(range(1, sound + 1)) & {int(number) for number in re.findall(r"^lines? (\d+)", found[0])}


@given(st.integers(0, LENGTH))
def test_one_line_past_the_head_is_an_interrupted_append_and_two_are_not(lines, length):
    head = Anchor(length, digest(lines[length - 1]) if length else FIRST, "decisions.head")
    found = faults_of(read_chain(joined(lines)), head=head)
    assert (found == []) == (length >= LENGTH - 1)
    if found:
        assert "decisions.head" in found[0]


@given(st.text(max_size=80))
def test_text_of_people_is_one_line(text):
    plain = plain_text(text)
    assert plain == plain_text(plain)
    assert not set(plain) & set("\n\r\t\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\x00")
