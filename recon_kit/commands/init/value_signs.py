"""What the values of a column give away: whose ids they are, whether they are dates, amounts, flags or codes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

ID_FORMS = {
    "salesforce/Account": "001",
    "salesforce/Contact": "003",
    "salesforce/User": "005",
    "salesforce/Opportunity": "006",
    "salesforce/OpportunityHistory": "008",
    "salesforce/OpportunityLineItem": "00k",
    "salesforce/Contract": "800",
    "stripe/customers": "cus_",
    "stripe/subscriptions": "sub_",
    "stripe/invoices": "in_",
    "stripe/charges": "ch_",
    "stripe/payment_intents": "pi_",
    "stripe/refunds": "re_",
    "stripe/disputes": "dp_",
    "stripe/payouts": "po_",
    "stripe/balance_transactions": "txn_",
    "stripe/credit_notes": "cn_",
    "stripe/prices": "price_",
    "stripe/products": "prod_",
}
"""What the ids of an object begin with."""
_OWNERS = {**{begin: name for name, begin in ID_FORMS.items()}, "py_": "stripe/charges"}
_BEGIN = f"^({'|'.join(_OWNERS)})"
_WHOLE = r"^(?:[a-z]{2,5}_[A-Za-z0-9_]{6,}|[08]0[0-9k][A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?)$"

MOSTLY = 0.9
"""Share of the filled values from which a column is taken to hold what they show."""
HARDLY = 0.5

_PATTERNS = {
    "date": (
        r"^\d{1,4}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})[-/. ,]{1,2}\d{1,4}(?:\D.*)?$"
        r"|^[A-Za-z]{3,9} \d{1,2}, \d{4}|^1\d{8,9}$"
    ),
    "amount": r"^\(?[-+]?\s*(?:[A-Z]{3}|\p{Sc})?\s*[-+]?\d[\d.,' \x{a0}\x{202f}]*\s*(?:[A-Z]{3}|\p{Sc})?\)?$",
    "number": r"^[-+]?\d[\d.,]*\s*%?$",
    "currency": r"^[A-Za-z]{3}$",
    "flag": r"^(?i:true|false|yes|no|0|1|t|f)$",
    "email": r"^[^@\s]+@[^@\s]+$",
    "interval": r"^(?i)(?:\d+\s*)?(?:day|week|month|year|quarter|dai|annual)",
}


def filled(column: pl.Series) -> pl.Series:
    """Return the values of a text column that say something, trimmed."""
    trimmed = column.drop_nulls().str.strip_chars()
    return trimmed.filter(trimmed != "")


@dataclass(frozen=True)
class ColumnSigns:
    """What the first values of one text column give away; worked out when asked for, once."""

    values: pl.Series

    @cached_property
    def filled(self) -> pl.Series:
        """The values that say something, trimmed."""
        return filled(self.values)

    @property
    def filled_count(self) -> int:
        """How many values say something."""
        return self.filled.len()

    @cached_property
    def owner(self) -> str | None:
        """The object whose ids fill the column; none when they are not of one known form."""
        return next((name for name, share in self._id_shares.items() if share >= MOSTLY), None)

    @cached_property
    def _id_shares(self) -> dict[str, float]:
        ids = self.filled.filter(self.filled.str.contains(_WHOLE))
        counted = ids.str.extract(_BEGIN, 1).drop_nulls().replace(_OWNERS).value_counts()
        return {name: count / self.filled_count for name, count in counted.iter_rows()}

    @cached_property
    def _kind_shares(self) -> dict[str, float]:
        return {}

    def share(self, kind: str | None) -> float | None:
        """Measure how many of the filled values are of a kind: ``date``, ``amount``, …, or an object of ``ID_FORMS``.

        Returns:
            A share from 0 to 1; none where no value is filled, or the kind is one that any text may be.
        """
        if kind is None or not self.filled_count:
            return None
        if kind in ID_FORMS:
            return self._id_shares.get(kind, 0.0)
        if kind not in _PATTERNS:
            return None
        if kind not in self._kind_shares:
            self._kind_shares[kind] = int(self.filled.str.contains(_PATTERNS[kind]).sum()) / self.filled_count
        return self._kind_shares[kind]

    @cached_property
    def is_unique(self) -> bool:
        """Whether no filled value stands twice."""
        return self.filled.n_unique() == self.filled_count

    @property
    def is_key(self) -> bool:
        """Whether every row has a value and none stands twice."""
        return self.is_unique and self.filled_count == self.values.len()
