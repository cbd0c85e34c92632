"""Params: the one YAML file of a run: as-of, sources, field map overrides, profile, policy."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from recon_kit.policy import PROFILES, Frozen, Policy, SettingsError, build_policy, describe_faults

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLE_PARAMS = REPOSITORY / "params" / "sample.yaml"
SAMPLE_FOLDER = REPOSITORY / "data" / "sample"


_BASE = "(folder of the params file)"
"""What ``base`` is given under: no key of a file, so that ``base`` in a file is an unknown key."""


class Source(Frozen):
    """Where one system's records come from."""

    kind: str
    path: str | None = Field(None, description="folder of kind files, relative to the params file")
    profile: str | None = Field(None, description="ledger profile: a shipped name or a YAML file")

    @model_validator(mode="after")
    def _path_belongs_to_files(self) -> Source:
        if self.kind == "files" and not self.path:
            message = "kind files needs a path: the folder that holds stripe/, salesforce/ and the others"
            raise ValueError(message)
        return self


class SystemSource(Source):
    """Stripe or Salesforce."""

    kind: Literal["sample", "files", "api"] = "sample"


class BookSource(Source):
    """The ledger or the bank, which a close can do without."""

    kind: Literal["sample", "files", "none"] = "none"


class RateSource(Frozen):
    """Exchange rates; kind files without a path means the ``fx/`` folder beside the other files."""

    kind: Literal["package", "files"] = "package"
    path: str | None = None


class Sources(Frozen):
    """The five sources of a run."""

    stripe: SystemSource = SystemSource()
    salesforce: SystemSource = SystemSource()
    ledger: BookSource = BookSource()
    bank: BookSource = BookSource()
    fx: RateSource = RateSource()


class LinkSource(Frozen):
    """The model and the calibrator that a person adopted for the links; each close keeps a copy in ``inputs/links``."""

    model: str | None = Field(None, description="folder of a model, or a file in it; none: the one that ships")
    calibrator: str | None = Field(
        None, description="calibrator.json, or a close's tables/calibrator_proposal.parquet; none: the model's own"
    )


class ExportedFile(Frozen):
    """How one hand-made export becomes records of the raw layout; its key is the file, below the source's path."""

    objects: dict[str, dict[str, str]] = Field(
        description="column map by object, such as stripe/customers: field of the layout -> header of the export"
    )
    dates: str | None = Field(None, description="how dates are written, such as %d/%m/%Y; none: ISO 8601")
    decimal: Literal[".", ","] = Field(".", description="the decimal sign of amounts; the other one groups thousands")
    amounts: Literal["major", "minor"] = Field("major", description="minor: whole numbers of the smallest unit (cents)")
    encoding: str | None = Field(None, description="none: byte order mark, else UTF-8, else cp1252")
    timezone: str = Field("UTC", description="time zone of times without one")


class Params(Frozen):
    """One run. Paths are relative to ``base``, the folder of the params file."""

    as_of: dt.date
    closes_dir: str = "data/closes"
    source: Sources = Sources()
    fields: dict[Literal["account", "contract", "line"], dict[str, list[str]]] = Field({}, description="field map")
    columns: dict[str, ExportedFile] = Field({}, description="column maps of hand-made exports, by file name")
    profile: Literal["default", "due_diligence", "board", "plg"] = "default"
    engine: Literal["duckdb", "spark"] = "duckdb"
    policy: str | dict[str, Any] = Field({}, description="a file, or the keys themselves")
    decisions: str | None = None
    links: LinkSource = LinkSource()
    previous: str = "latest"
    base: Path = Field(Path(), exclude=True, alias=_BASE)

    def resolve(self, path: str) -> Path:
        """Make a path of the params absolute; a leading ``~`` is the home folder."""
        return _resolve(self.base, path)

    @property
    def close_folder(self) -> Path:
        """The close folder that ``closes_dir`` and ``as_of`` name."""
        return self.resolve(self.closes_dir) / self.as_of.isoformat()


def read_params(path: Path | str | None = None, *, as_of: dt.date | str | None = None) -> Params:
    """Read a params file; without one, that of the embedded sample.

    Args:
        path: the YAML file.
        as_of: overrides the file's ``as_of``.

    Raises:
        SettingsError: the file is missing, is no YAML mapping, or it or its policy has faults; one message lists them
            all.
    """
    file = Path(path) if path is not None else SAMPLE_PARAMS
    given = _mapping(file, "params")
    if as_of is not None:
        given["as_of"] = str(as_of)
    base = file.resolve().parent
    faults = []
    try:
        params = Params.model_validate({**given, _BASE: base})
    except ValidationError as found:
        faults.append(describe_faults(f"params file {file.name}", found))
    try:
        _policy_from(given.get("policy"), given.get("profile"), base)
    except SettingsError as found:
        faults.append(str(found))
    if faults:
        raise SettingsError("\n".join(faults))
    return params


def read_policy(params: Params) -> Policy:
    """Build the policy that the params name: a file, the mapping itself, or the defaults.

    Raises:
        SettingsError: one message with every fault.
    """
    return _policy_from(params.policy, params.profile, params.base)


def _policy_from(given: object, profile: object, base: Path) -> Policy:
    """Build a policy from what a params file says, which may itself be at fault: that is its own message."""
    if isinstance(given, str):
        given = _mapping(_resolve(base, given), "policy")
    known_profile = profile if isinstance(profile, str) and profile in PROFILES else "default"
    return build_policy(given if isinstance(given, dict) else {}, known_profile)


def _resolve(base: Path, path: str) -> Path:
    return (base / Path(path).expanduser()).resolve()


def _mapping(file: Path, what: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as fault:
        message = f"There is no {what} file {file}. Give its path, or copy params/sample.yaml and adapt it."
        raise SettingsError(message) from fault
    except (yaml.YAMLError, ValueError, OSError) as fault:
        message = f"The {what} file {file} cannot be read as YAML: {fault}"
        raise SettingsError(message) from fault
    if content is None:
        content = {}
    if not isinstance(content, dict):
        message = f"The {what} file {file} must hold keys and values, not a {type(content).__name__}."
        raise SettingsError(message)
    return content
