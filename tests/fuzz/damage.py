"""Ways to damage bytes, JSON lines and CSV records; each takes a random generator and is repeated by its seed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

NASTY_VALUES: list[Any] = [
    None, True, False, "", " ", "x", 0, -1, 1, 7.5, -0.0, 1e3, 1e22, 10**17, 10**30, 2**31, 2**63, -(2**63) - 1, "7", "7.5", "1e3",
    "1.005", "-12", "٤٩", "=1+1", "@SUM(A1)", "Ünïcødé \U0001f680", "\u2028", "a\x00b", "null", "true", [], {}, [None], ["x"],
    {"id": "cus_unknown"}, {"amount": 1}, "usd", "xxq", "jpy", "cus_unknown", 1_700_000_000, 253_402_300_800, "2026-02-30",
]  # fmt: skip
NASTY_TOKENS = [
    "NaN",
    "-Infinity",
    "+1",
    "007",
    "0x1F",
    "1.",
    ".5",
    "1e400",
    "1E3",
    "-",
    "nul",
    "tru",
    "{}",
    "[]",
    "'x'",
    '"\\ud800"',
    '"\\x"',
]
NASTY_CELLS = [
    "", " ", "1.005", "1e3", "7.5", "-12", "0", "12,000.00", "$5", "(5)", "NaN", "Infinity", "1" + "0" * 30, "9" * 60, "=1+1", "-0", "+5",
    "2026-02-30", "31.10.2026", "9999-12-31", "0001-01-01", "2026-01-15", "true", "maybe", "XXQ", "JPY", "null", "Ünïcødé", "٤٩", "\x00", "\t",
    "two words", "a;b", "006000000000000", "001", "Closed Won", "100", "100.5", "12", "monthly", "2026-10-31T08:15:00.000+0000",
]  # fmt: skip
NASTY_BYTES = [b"\x00", b"\x01", b'"', b"'", b",", b";", b"{", b"}", b"[", b"]", b"\\", b"\t", b" ", b"\xff", b"\xc3", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"0", b"-", b".", b"e"]  # fmt: skip


# ------------------------------------------------------------------ bytes


def flip_bit(rng: Random, line: bytes) -> bytes:
    place = rng.randrange(len(line))
    return line[:place] + bytes([line[place] ^ (1 << rng.randrange(8))]) + line[place + 1 :]


def delete_bytes(rng: Random, line: bytes) -> bytes:
    place = rng.randrange(len(line))
    return line[:place] + line[place + rng.choice([1, 1, 1, 2, 5, 40]) :]


def insert_bytes(rng: Random, line: bytes) -> bytes:
    place = rng.randrange(len(line) + 1)
    return line[:place] + rng.choice(NASTY_BYTES) * rng.choice([1, 1, 2]) + line[place:]


def cut_off(rng: Random, line: bytes) -> bytes:
    return line[: rng.randrange(len(line))]


def repeat_part(rng: Random, line: bytes) -> bytes:
    start = rng.randrange(len(line))
    end = min(len(line), start + rng.choice([1, 3, 20]))
    return line[:end] + line[start:end] + line[end:]


def change_digit(rng: Random, line: bytes) -> bytes:
    places = [place for place, byte in enumerate(line) if chr(byte).isdigit()]
    if not places:
        return line + b"0"
    place = rng.choice(places)
    return line[:place] + str(rng.randrange(10)).encode() + line[place + 1 :]


def other_encoding(rng: Random, line: bytes) -> bytes:
    text = line.decode(errors="replace") + rng.choice(["", "é", "€"])
    return text.encode(rng.choice(["latin-1", "cp1252", "utf-16-le", "utf-16"]), errors="replace")


def blank_out(rng: Random, line: bytes) -> bytes:
    return rng.choice([b"", b"   ", b"{}", b"[]", b"null", b"\x00", b"Total: 12", b'""', b"\xc2\xa0x"])


BYTES = [flip_bit, flip_bit, delete_bytes, insert_bytes, cut_off, repeat_part, change_digit, change_digit, other_encoding, blank_out]  # fmt: skip


# ------------------------------------------------------------------ JSON


def _places(found: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    return [one for key, value in inside for one in [(*path, key), *_places(value, (*path, key))]]


def _pick(rng: Random, record: Any) -> tuple[Any, Any]:
    """A random place: its container and its key; the places near the top are as likely as all the deep ones."""
    every = _places(record)
    near = [path for path in every if len(path) == 1]
    *outer, key = rng.choice(near if rng.random() < 0.5 else every)
    for step in outer:
        record = record[step]
    return record, key


def _written(record: Any) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")


def swap_value(rng: Random, record: Any) -> bytes:
    container, key = _pick(rng, record)
    container[key] = rng.choice(NASTY_VALUES)
    return _written(record)


def write_token(rng: Random, record: Any) -> bytes:
    container, key = _pick(rng, record)
    container[key] = "#TOKEN#"
    return _written(record).replace(b'"#TOKEN#"', rng.choice(NASTY_TOKENS).encode())


def remove_key(rng: Random, record: Any) -> bytes:
    container, key = _pick(rng, record)
    del container[key]
    return _written(record)


def rename_key(rng: Random, record: Any) -> bytes:
    container, key = _pick(rng, record)
    if isinstance(container, dict):
        container[rng.choice([str(key).upper(), f"{key}_", f" {key}", "x"])] = container.pop(key)
    return _written(record)


def nudge_number(rng: Random, record: Any) -> bytes:
    """Change one whole number a little: the damage that is hardest to see."""
    numbers = [path for path in _places(record) if _is_number(record, path)]
    if numbers:
        *outer, key = rng.choice(numbers)
        holder = record
        for step in outer:
            holder = holder[step]
        holder[key] += rng.choice([1, -1, 100])
    return _written(record)


def _is_number(record: Any, path: tuple[Any, ...]) -> bool:
    for step in path:
        record = record[step]
    return isinstance(record, int) and not isinstance(record, bool)


def repeat_key(rng: Random, record: Any) -> bytes:
    """Say a key twice with two values: readers differ in which of them they take."""
    key = rng.choice(list(record))
    other = _written({key: rng.choice(NASTY_VALUES)})
    return _written(record)[:-1] + b"," + other[1:]


def wrap(rng: Random, record: Any) -> bytes:
    return rng.choice(
        [_written([record]), _written({"data": record}), _written(record) * 2, b" " + _written(record) + b"\t\r"]
    )


def shuffle_keys(rng: Random, record: Any) -> bytes:
    keys = list(record)
    rng.shuffle(keys)
    return _written({key: record[key] for key in keys})


def expand_reference(rng: Random, record: Any) -> bytes:
    references = [key for key, value in record.items() if key != "id" and isinstance(value, str) and "_" in value]
    if references:
        key = rng.choice(references)
        record[key] = {"id": record[key], "object": key}
    return _written(record)


JSON = [swap_value, swap_value, swap_value, write_token, remove_key, rename_key, nudge_number, repeat_key, wrap, shuffle_keys, expand_reference]  # fmt: skip


def damaged_json(rng: Random, line: bytes) -> bytes:
    """Damage one line of JSON, half of the time as bytes, half as the record it holds."""
    if rng.random() < 0.4:
        return rng.choice(BYTES)(rng, line)
    return rng.choice(JSON)(rng, json.loads(line))


# ------------------------------------------------------------------ CSV


def damaged_cells(rng: Random, cells: list[str]) -> list[str]:
    """Damage one record as cells: a value, a cell too many or too few, two cells swapped."""
    changed = list(cells)
    place, other = rng.randrange(len(cells)), rng.randrange(len(cells))
    how = rng.random()
    if how < 0.75:
        changed[place] = rng.choice(NASTY_CELLS)
    elif how < 0.82:
        del changed[place]
    elif how < 0.88:
        changed.insert(place, rng.choice(NASTY_CELLS))
    elif how < 0.94:
        changed[place], changed[other] = changed[other], changed[place]
    else:
        changed[place] = changed[place] + rng.choice(["\n", "\r\n", '"', ",", "\u00e9", "x" * 5000])
    return changed
