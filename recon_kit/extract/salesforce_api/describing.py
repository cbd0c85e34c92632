"""What the org has: which objects of the raw layout this user sees, and which of their fields are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from simple_salesforce.exceptions import SalesforceError

from recon_kit.extract.pulling.faults import PullStopped
from recon_kit.extract.salesforce_api.faults import code_of, is_absent, words_of
from recon_kit.extract.salesforce_api.fields import Selection, faults_of, select_fields
from recon_kit.schemas.raw import SALESFORCE_OBJECTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon_kit.extract.salesforce_api.asking import Asking
    from recon_kit.field_map import FieldMap


_FORBIDDEN = 403
_NO_SUCH_FIELD = {"INVALID_FIELD", "INVALID_TYPE"}


@dataclass(frozen=True)
class Org:
    """What will be pulled.

    Attributes:
        selections: what is asked of each object, by API name, in the order of the raw layout.
        absent: objects that cannot be asked for, with the reason.
        faults: what a pull cannot do without and the org does not show, in words.
    """

    selections: Mapping[str, Selection]
    absent: Mapping[str, str]
    faults: tuple[str, ...]

    def require_usable(self) -> None:
        """Stop where something required is missing.

        Raises:
            PullStopped: one message with every fault.
        """
        if self.faults:
            raise PullStopped("\n".join(self.faults))


class Describing:
    """Describes objects, each once.

    Attributes:
        reasons: why an object was not described, by name.
        refusals: the same, of those that are there but that Salesforce will not tell about.
    """

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._known: dict[str, Mapping[str, Any] | None] = {}
        self.reasons: dict[str, str] = {}
        self.refusals: dict[str, str] = {}

    def __call__(self, object_name: str) -> Mapping[str, Any] | None:
        """Describe an object; none where this user does not see it."""
        if object_name not in self._known:
            self._known[object_name] = self._describe(object_name)
        return self._known[object_name]

    def _describe(self, object_name: str) -> Mapping[str, Any] | None:
        try:
            told = self._asking.ask(lambda session: session.get(f"sobjects/{object_name}/describe"))
        except SalesforceError as fault:
            if fault.status == _FORBIDDEN:
                self.refusals[object_name] = self._asking.clean(words_of(fault))
            elif not is_absent(fault):
                raise
            self.reasons[object_name] = self._asking.clean(words_of(fault))
            return None
        if told.get("queryable", True):
            return dict(told)
        self.reasons[object_name] = "the object cannot be queried"
        return None


def describe_org(asking: Asking, overrides: FieldMap) -> Org:
    """Ask for every object of the raw layout and choose its fields.

    Raises:
        PullStopped: no request succeeds, or the org does not know the API version.
    """
    describe = Describing(asking)
    seen = {raw.name: describe(raw.name) for raw in SALESFORCE_OBJECTS}
    if not any(seen.values()):
        _require_version(asking)
    selections = {
        name: _without_refused(asking, select_fields(name, described, overrides, describe))
        for name, described in seen.items()
        if described
    }
    faults = [
        f"Salesforce does not show the required object {raw.name} to this user ({describe.reasons[raw.name]}). Grant "
        f"its profile or permission set read access to {raw.name} and all its rows (View All)."
        for raw in SALESFORCE_OBJECTS
        if raw.required and seen[raw.name] is None and raw.name not in describe.refusals
    ]
    faults += [
        f"Salesforce refuses to describe {name} ({describe.refusals[name]}). Grant this user read access to it."
        for name in seen
        if name in describe.refusals
    ]
    for name, selection in selections.items():
        faults += faults_of(name, seen[name] or {}, selection, overrides)
    absent = {name: describe.reasons[name] for name, described in seen.items() if described is None}
    return Org(selections, absent, tuple(faults))


def _without_refused(asking: Asking, selection: Selection) -> Selection:
    """Leave out the columns of related objects that nothing tells of, where Salesforce refuses them."""
    if not selection.believed or not _is_refused(asking, selection):
        return selection
    hidden = {
        column for column in selection.believed if _is_refused(asking, replace(selection, columns=("Id", column)))
    }
    return selection.without(hidden)


def _is_refused(asking: Asking, selection: Selection) -> bool:
    try:
        asking.ask(lambda session: session.query(f"{selection.soql} LIMIT 1"))
    except SalesforceError as fault:
        return code_of(fault) in _NO_SUCH_FIELD
    return False


def _require_version(asking: Asking) -> None:
    version = asking.session.api_version
    try:
        known = asking.ask(lambda session: session.versions())
    except SalesforceError:
        return
    if version not in known:
        raise PullStopped(
            f"This org does not know Salesforce API version {version}; it knows {known[0]} to {known[-1]}. Update the "
            "kit, or ask the administrator when the org is upgraded."
            if known
            else f"This org lists no API version, so {version} cannot be used."
        )
