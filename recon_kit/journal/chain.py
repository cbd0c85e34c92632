"""Chain: whether a journal is whole, and if not, which lines were edited, deleted, exchanged or cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recon_kit.journal.lines import FIRST, Decision, decode, digest


@dataclass(frozen=True)
class Anchor:
    """What a journal was known to be: its length and the hash of its last line.

    Attributes:
        length: lines; 0 for an empty journal.
        sha256: of the last line; 64 zeros for an empty journal.
        source: who says so, such as ``decisions.head`` or ``the close 2026-09-30``.
    """

    length: int
    sha256: str
    source: str


@dataclass(frozen=True)
class Chain:
    """A journal as read: each line's bytes, its decision or why it is none, and what follows the last line break."""

    lines: tuple[bytes, ...]
    decisions: tuple[Decision | str, ...]
    rest: bytes

    @property
    def anchor(self) -> Anchor:
        """What the journal itself is now."""
        return Anchor(len(self.lines), digest(self.lines[-1]) if self.lines else FIRST, "the journal")


def read_chain(content: bytes) -> Chain:
    """Split a journal into its lines; a line without a line break is not one yet."""
    *lines, rest = content.split(b"\n")
    return Chain(tuple(lines), tuple(_read(line) for line in lines), rest)


def _read(line: bytes) -> Decision | str:
    try:
        return decode(line)
    except ValueError as fault:
        return str(fault)


def faults_of(chain: Chain, *, head: Anchor | None = None, anchors: Sequence[Anchor] = ()) -> list[str]:
    """Say what is wrong with a journal.

    Args:
        chain: the journal.
        head: what stands in its head file; one line more than it says is an append that was interrupted between line
            and head, and no fault. None: there is no head to compare with.
        anchors: what earlier closes rest on: the journal must begin with each of them.

    Returns:
        One sentence a fault, naming the lines by number from 1; empty when the journal is whole.
    """
    found = [*_unreadable(chain), *_misplaced(chain)]
    known = sorted([*([head] if head else []), *anchors], key=lambda one: one.length)
    found += _edited(chain, known) if not _is_out_of_order(chain) else []
    found += _cut_off(chain, known)
    return found or [*_unknown_to_head(chain, head), *_made_anew(chain, known), *half_written(chain)]


def half_written(chain: Chain) -> list[str]:
    """Name a last line without its line break: its writer was interrupted, or the file was cut."""
    if not chain.rest:
        return []
    number = len(chain.lines) + 1
    return [f"line {number} is half-written: it has no line break at its end, so whoever wrote it was interrupted"]


def _unreadable(chain: Chain) -> list[str]:
    return [
        f"line {number} was edited or is none of the journal's: {read}"
        for number, read in enumerate(chain.decisions, 1)
        if isinstance(read, str)
    ]


def _numbers(chain: Chain) -> list[int | None]:
    return [read.sequence if isinstance(read, Decision) else None for read in chain.decisions]


def _is_out_of_order(chain: Chain) -> bool:
    return any(number is not None and number != place for place, number in enumerate(_numbers(chain), 1))


def _misplaced(chain: Chain) -> list[str]:
    """Name lines that are missing, exchanged, repeated, or say a number that is not theirs."""
    numbers = _numbers(chain)
    places = [place for place, number in enumerate(numbers, 1) if number is not None and number != place]
    said = [str(numbers[place - 1]) for place in places]
    if places and sorted(said) == sorted(map(str, places)):
        if len(places) == 2:  # noqa: PLR2004  (two lines in each other's place)
            return [f"lines {places[0]} and {places[1]} are exchanged"]
        return [f"lines {_listed(places)} are in another order: they say they are {', '.join(said)}"]
    found, before = [], 0
    for place, read in enumerate(chain.decisions, 1):
        expected = before + 1
        if isinstance(read, Decision) and read.sequence != expected:
            found.append(_number_fault(chain, place, expected, read))
        was_moved = isinstance(read, Decision) and not _names_line_before(chain, place)
        before = read.sequence if isinstance(read, Decision) and was_moved else expected
    return found


def _number_fault(chain: Chain, place: int, expected: int, read: Decision) -> str:
    if _names_line_before(chain, place):
        return f"line {place} was edited: it says it is number {read.sequence} where {expected} follows"
    if read.sequence > expected:
        missing = list(range(expected, read.sequence))
        return f"{_some(missing, 'is', 'are')} missing before the line that says it is number {read.sequence}"
    if chain.lines[place - 1] in chain.lines[: place - 1]:
        return f"line {place} was added: it repeats line {chain.lines.index(chain.lines[place - 1]) + 1}"
    return f"line {place} is out of its place: it says it is number {read.sequence} where {expected} follows"


def _names_line_before(chain: Chain, place: int) -> bool:
    read = chain.decisions[place - 1]
    return isinstance(read, Decision) and read.previous == _hash_before(chain, place)


def _hash_before(chain: Chain, place: int) -> str:
    return digest(chain.lines[place - 2]) if place > 1 else FIRST


def _edited(chain: Chain, known: Sequence[Anchor]) -> list[str]:
    """Name lines that were edited, from the places where a line does not name the hash of the line before."""
    readable = [None, *(isinstance(read, Decision) for read in chain.decisions)]
    breaks = [
        place
        for place in range(1, len(chain.lines) + 1)
        if readable[place] and readable[place - 1] is not False and not _names_line_before(chain, place)
    ]
    return [_edited_between(chain, run[0], run[-1], known) for run in _runs(breaks)]


def _runs(places: list[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _edited_between(chain: Chain, first: int, last: int, known: Sequence[Anchor]) -> str:
    """Lay a run of breaks at the lines that explain it."""
    if first < last:
        lines = list(range(first, last))
        also = f" (or line {first - 1} was, too)" if first > 1 else ""
        return f"{_some(lines, 'was', 'were')} edited{also}: line {last} names another hash for the line before it"
    if first == 1:
        return "line 1 was edited: it must name 64 zeros as the hash of the line before it"
    if last == len(chain.lines):
        is_sound = {one.length: digest(chain.lines[one.length - 1]) == one.sha256 for one in known if one.length}
        if not is_sound.get(last, True) or is_sound.get(last - 1):
            return f"line {last} was edited: it names another hash for line {last - 1}"
        if last not in is_sound and last - 1 not in is_sound:
            return f"line {last - 1} or line {last} was edited: line {last} names another hash for line {last - 1}"
    return f"line {first - 1} was edited: its hash is not the one that line {first} names"


def _cut_off(chain: Chain, known: Sequence[Anchor]) -> list[str]:
    """Name lines that an anchor knows and the journal no longer has."""
    if not known:
        return []
    farthest = known[-1]
    last = max((number for number in _numbers(chain) if number is not None), default=0)
    last = max(last, len(chain.lines)) if any(isinstance(read, str) for read in chain.decisions) else last
    missing = farthest.length - last
    if missing <= 0:
        return []
    lines = "1 line is" if missing == 1 else f"{missing} lines are"
    part = f"; of line {last + 1} a part is left" if chain.rest else ""
    return [f"{lines} missing at the end: {farthest.source} says {farthest.length}, the journal ends with {last}{part}"]


def _unknown_to_head(chain: Chain, head: Anchor | None) -> list[str]:
    length = len(chain.lines)
    if head is None or length <= head.length + 1:
        return []
    if head.length == 0:
        return [f"{head.source} does not say that there are {length} lines"]
    added = list(range(head.length + 1, length + 1))
    return [f"{_some(added, 'was', 'were')} added past {head.source}, which says {head.length}"]


def _made_anew(chain: Chain, known: Sequence[Anchor]) -> list[str]:
    """Name the lines that an anchor vouches for and that are others now, though the chain holds together."""
    holds = {one: one.length == 0 or digest(chain.lines[one.length - 1]) == one.sha256 for one in known}
    betrayed = next((one for one in known if not holds[one]), None)
    if betrayed is None:
        return []
    sound = max((one.length for one in known if holds[one] and one.length < betrayed.length), default=0)
    last = f"line {betrayed.length}"
    if betrayed.length < len(chain.lines):
        changed = list(range(sound + 1, betrayed.length + 1))
        others = "lines were changed and every hash after them made anew, or this is another journal"
        return [f"{_some(changed, 'is', 'are')} not what {betrayed.source} rests on: {others}"]
    earlier = f", or an earlier line from {sound + 1} on was and every hash after it made anew"
    doubt = earlier if sound + 1 < betrayed.length else ""
    return [f"{last} was edited{doubt}: {betrayed.source} names another hash for {last}"]


def _some(lines: list[int], one: str, several: str) -> str:
    return f"line {lines[0]} {one}" if len(lines) == 1 else f"lines {_listed(lines)} {several}"


def _listed(lines: list[int]) -> str:
    is_range = len(lines) > 2 and lines == list(range(lines[0], lines[-1] + 1))  # noqa: PLR2004
    return f"{lines[0]} to {lines[-1]}" if is_range else ", ".join(map(str, lines[:-1])) + f" and {lines[-1]}"
