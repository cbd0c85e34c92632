"""The kit is MIT, and so that it stays free to use: no GPL or AGPL, LGPL by name, nothing of unknown licence unread."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parent.parent

PERMISSIVE = re.compile(
    r"^(MIT|MIT-0|MIT License|ISC|ISC License \(ISCL\)|0BSD|Zlib|CC0-1\.0|(The )?Unlicense( \(Unlicense\))?|BSD License|BSD-[23]-Clause|"
    r"(The )?Apache([ -]Software License|[ -]2\.0( License)?|( Software)? License,? (Version )?2\.0)|"
    r"PSF-2\.0|PSFL|Python Software Foundation License|Python-2\.0)$"
)
# Weak copyleft, file by file: unmodified files of such a library change nothing for the code that calls it.
BY_FILE = re.compile(r"^(MPL-2\.0|Mozilla Public License 2\.0 \(MPL 2\.0\))$")

# LGPL libraries taken unmodified: name -> reason. Each must stand in DECISIONS.md as well.
LGPL_BY_NAME: dict[str, str] = {
    "python-stdnum": "checks VAT and registration numbers of some eighty countries; nothing under MIT or BSD does",
}

# Metadata silent; the licence was read in the file that the distribution carries.
READ_IN_THE_DISTRIBUTION = {
    "currencyconverter": "Apache-2.0",
    "dataframely": "BSD-3-Clause",
    "axe-playwright-python": "MIT License",
}


def verdict(name, licence):
    """Why a library may not be used, or None when it may: `A OR B` leaves the choice, `A AND B` binds to both."""
    if licence == "UNKNOWN":
        return None if name in READ_IN_THE_DISTRIBUTION else "its licence is unknown"
    faults = [_fault_of_all(name, choice) for choice in licence.split(" OR ")]
    return None if None in faults else faults[0]


def _fault_of_all(name, licences):
    faults = [_fault_of_one(name, licence) for licence in re.split(" AND |; ", licences)]
    return next((fault for fault in faults if fault), None)


def _fault_of_one(name, licence):
    if PERMISSIVE.match(licence) or BY_FILE.match(licence):
        return None
    if "LGPL" in licence or "Lesser General Public" in licence:
        return None if name in LGPL_BY_NAME else f"{licence}: allow it by name, with a reason, in DECISIONS.md"
    if "GPL" in licence or "General Public" in licence or "Affero" in licence:
        return f"{licence} is not allowed"
    return f"{licence!r} is on no list"


@pytest.fixture(scope="module")
def licences():
    """Licence of every library installed from the lock, by name."""
    command = [sys.executable, "-m", "piplicenses", "--format=json", "--from=mixed", "--with-system"]
    listed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {canonicalize_name(row["Name"]): row["License"] for row in listed if row["Name"] != "recon-kit"}


def closure(names):
    """The libraries that these need, and theirs in turn, on this machine."""
    found, waiting = set(), [Requirement(name) for name in names]
    while waiting:
        requirement = waiting.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in found:
            continue
        try:
            needed = [Requirement(line) for line in requires(requirement.name) or []]
        except PackageNotFoundError:
            continue
        found.add(key)
        waiting += [other for other in needed if _is_needed(other, requirement.extras)]
    return {name for name, _ in found}


def _is_needed(requirement, extras):
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in ("", *extras))


def test_every_library_may_be_used(licences):
    faults = {name: fault for name, licence in licences.items() if (fault := verdict(name, licence))}
    assert faults == {}


def test_what_a_user_runs_holds_no_lgpl_but_that_allowed_by_name(licences):
    declared = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    at_run_time = closure(declared)
    assert {"polars", "splink", "tornado"} <= at_run_time
    assert not {"pytest", "hypothesis", "pip-licenses"} & at_run_time
    copyleft = {name for name in at_run_time if re.search(r"GPL|General Public", licences[name])}
    assert copyleft == set(LGPL_BY_NAME) & at_run_time


def test_the_allowances_are_all_in_use(licences):
    unknown = {name for name, licence in licences.items() if licence == "UNKNOWN"}
    assert set(READ_IN_THE_DISTRIBUTION) == unknown, "an allowance outlived its library, or a licence is unread"
    assert set(LGPL_BY_NAME) <= set(licences)


def test_lgpl_libraries_are_named_in_the_decisions():
    decisions = (REPOSITORY / "DECISIONS.md").read_text(encoding="utf-8") if LGPL_BY_NAME else ""
    assert [name for name in LGPL_BY_NAME if name not in decisions] == []


# licence as its metadata says it                        may it be used?
TABLE = [
    ("MIT", True),
    ("Apache Software License", True),
    ("Apache License, Version 2.0", True),
    ("MPL-2.0 AND MIT", True),
    ("Mozilla Public License 2.0 (MPL 2.0)", True),
    ("BSD License; Apache Software License", True),
    ("GPL-3.0-only OR MIT", True),
    ("GPL-3.0-only", False),
    ("GPL-2.0-or-later AND MIT", False),
    ("GNU General Public License v3 (GPLv3)", False),
    ("AGPL-3.0-only", False),
    ("GNU Affero General Public License v3", False),
    ("LGPL-2.1-or-later", False),
    ("GNU Lesser General Public License v3 (LGPLv3)", False),
    ("Proprietary", False),
    ("UNKNOWN", False),
    ("", False),
]


@pytest.mark.parametrize(("licence", "allowed"), TABLE)
def test_verdict(licence, allowed):
    assert (verdict("a-library", licence) is None) is allowed


def test_an_allowance_is_by_name(monkeypatch):
    monkeypatch.setitem(LGPL_BY_NAME, "a-library", "taken unmodified")
    assert verdict("a-library", "LGPL-2.1-or-later") is None
    assert verdict("another", "LGPL-2.1-or-later")
    assert verdict("a-library", "GPL-2.0-only")
