"""Dismissal rules: standing decisions that gaps of a kind are none to act on, each with an owner, a reason, an end."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator

FIELDS = (
    "family",
    "cause",
    "direction",
    "owner_team",
    "currency",
    "account_id",
    "account_name",
    "account_type",
    "account_status",
    "customer_id",
    "opportunity_id",
    "subscription_id",
    "gap_id",
)
"""What a rule may ask of a gap; of an id that there are several of, one is enough."""


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Values = Annotated[list[Text], BeforeValidator(_listed), Field(min_length=1)]


class DismissalRule(BaseModel):
    """One rule: every condition must hold, each by one of its values, spelt as the record spells it.

    Attributes:
        name: names the rule; its line in the bridge carries it.
        where: field and value, or field and several values.
        owner: who answers for it.
        reason: why such gaps are none to act on.
        expires_on: the last as-of on which it holds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    where: dict[str, Values] = Field(min_length=1)
    owner: Text
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    expires_on: dt.date

    @field_validator("where")
    @classmethod
    def _known_fields(cls, where: dict[str, list[str]]) -> dict[str, list[str]]:
        unknown = [name for name in where if name not in FIELDS]
        if unknown:
            message = f"{', '.join(unknown)}: no field of a gap; a rule may ask for {', '.join(FIELDS)}"
            raise ValueError(message)
        return where

    def holds_on(self, as_of: dt.date) -> bool:
        """Tell whether it has not expired."""
        return as_of <= self.expires_on

    @property
    def asked(self) -> str:
        """Its conditions in one line: ``account_type Partner; cause discount or tax``."""
        return "; ".join(f"{name} {' or '.join(values)}" for name, values in self.where.items())
