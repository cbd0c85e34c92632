"""One set of libraries, however the environment is made: pyproject, lock and environment.yml agree."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
CONDA = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))

ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?: ; (?P<marker>.*?))?(?P<tail> \\)?$")
SHA256 = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")
ADDRESS = re.compile(r"://|--(extra-)?index-url|--find-links|@ file|^\s*-[if]\s", re.MULTILINE)

DECLARED = [
    *PYPROJECT["build-system"]["requires"],
    *PYPROJECT["project"]["dependencies"],
    *PYPROJECT["dependency-groups"]["dev"],
]


def locked_entries(text):
    """Entries of a lock: (name, version, marker or None, number of hashes), in the file's order."""
    entries = []
    for line in text.splitlines():
        if line.startswith("    #") or not line.strip():
            continue
        if SHA256.match(line):
            entries[-1][3] += 1
        else:
            entry = ENTRY.match(line)
            assert entry, f"requirements.lock: {line!r} is neither an exact version nor a SHA-256"
            entries.append([canonicalize_name(entry["name"]), entry["version"], entry["marker"], 0])
    return [tuple(entry) for entry in entries]


def applies(marker):
    return marker is None or Marker(marker).evaluate()


@pytest.mark.parametrize("declared", DECLARED)
def test_the_lock_satisfies_what_pyproject_declares(declared):
    wanted = Requirement(declared)
    found = {
        v for name, v, marker, _ in locked_entries(LOCK) if name == canonicalize_name(wanted.name) and applies(marker)
    }
    assert len(found) == 1, f"{wanted.name} is locked at {sorted(found) or 'no version'}: run make lock"
    assert found.pop() in wanted.specifier, f"{wanted} is not what the lock has: run make lock"


def test_every_locked_version_has_a_hash():
    assert [name for name, *_, hashes in locked_entries(LOCK) if not hashes] == []


def test_what_is_installed_is_what_is_locked():
    differing = {
        name: (locked, installed_version(name))
        for name, locked, marker, _ in locked_entries(LOCK)
        if applies(marker) and installed_version(name) != locked
    }
    assert differing == {}, "run make setup"


def installed_version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def test_conda_takes_only_python_and_its_tools_and_leaves_the_libraries_to_the_lock():
    *from_conda, from_pip = CONDA["dependencies"]
    assert CONDA["channels"] == ["conda-forge"]
    assert {re.split("[=<>]", package)[0] for package in from_conda} == {"python", "pip", "make"}
    assert from_pip == {"pip": ["-r requirements.lock"]}


def test_the_python_of_conda_is_one_that_pyproject_allows():
    (python,) = [package.split("=")[1] for package in CONDA["dependencies"] if str(package).startswith("python=")]
    allowed = SpecifierSet(PYPROJECT["project"]["requires-python"])
    assert python in allowed
    assert f">={python}" == str(allowed), "environment.yml takes the oldest Python that pyproject promises"
    assert PYPROJECT["tool"]["ruff"].get("target-version") is None, "ruff reads requires-python"


@pytest.mark.parametrize("file", ["requirements.lock", "environment.yml", "pyproject.toml", "Makefile", ".ci/run"])
def test_no_file_says_where_packages_are_fetched_from(file):
    found = ADDRESS.search((REPOSITORY / file).read_text(encoding="utf-8"))
    assert found is None, f"{file} names a package server: {found}"


# a faulty lock                                         what is said of it
BAD_LOCKS = [
    ("polars>=2.1", "neither an exact version"),
    ("--index-url https://packages.example/simple", "neither an exact version"),
    ("polars==2.1.0 \\\n    --hash=md5:00", "neither an exact version"),
]


@pytest.mark.parametrize(("text", "said"), BAD_LOCKS)
def test_a_faulty_lock_is_noticed(text, said):
    with pytest.raises(AssertionError, match=said):
        locked_entries(text)


@pytest.mark.parametrize(
    "line", ["-i https://a.example", "--find-links wheels", "x @ file:///wheels/x.whl", "  -f wheels"]
)
def test_an_address_is_noticed(line):
    assert ADDRESS.search(f"name==1\n{line}\n")


def test_the_lock_of_spark_satisfies_the_extra():
    (wanted,) = map(Requirement, PYPROJECT["project"]["optional-dependencies"]["spark"])
    entries = locked_entries((REPOSITORY / "requirements-spark.lock").read_text(encoding="utf-8"))
    locked = {name: locked_version for name, locked_version, _, _ in entries}
    assert locked[wanted.name] in wanted.specifier
    assert all(hashes for *_, hashes in entries)
    assert not locked.keys() & {name for name, *_ in locked_entries(LOCK)}, "what both locks hold could differ"
    assert PYPROJECT["project"]["optional-dependencies"]["spark"][0] in (REPOSITORY / "Makefile").read_text(
        encoding="utf-8"
    )
