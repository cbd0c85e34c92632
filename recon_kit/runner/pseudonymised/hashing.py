"""Keyed hashes of what says who somebody is, and the tables and settings in which they stand."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import polars as pl

from recon_kit.gaps.causes.discounts import TOLD_DISCOUNT
from recon_kit.runner.pseudonymised.columns import PERSONAL, Treatment, treatment

LEFT_OUT = "(left out)"
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_DIGITS = 16
_RULES, _NAMED_IN_RULES = "dismissal_rules", "account_name"
_TELLING_DIGITS, _TELLING_LENGTH = 6, 5


class Pseudonyms:
    """One key, and the personal values met so far with the columns they stand in."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.met: dict[str, str] = {}

    def of(self, value: str) -> str:
        """Return the keyed hash of a value: 64 bits of HMAC-SHA256 in letters, so that no digit looks like data."""
        digest = hmac.new(self._key, value.encode(), hashlib.sha256).hexdigest()
        return digest[:_DIGITS].translate(_LETTERS)

    @property
    def telling(self) -> dict[str, str]:
        """The personal values by which somebody could be found in a text, and the column each stands in.

        Single words and short numbers are none: they may be words and figures of any page.
        """
        return {value: column for value, column in self.met.items() if _is_telling(value)}

    def scrubbed(self, text: pl.Expr) -> pl.Expr:
        """Put hashes in the place of the telling values within sentences."""
        values = sorted(self.telling, key=len, reverse=True)
        return text.str.replace_many(values, [self.of(value) for value in values], leftmost=True) if values else text

    def table(self, name: str, rows: pl.DataFrame) -> pl.DataFrame:
        """Pseudonymise a table of a close; ids, codes, amounts and dates stay as they are.

        Returns:
            The same rows and columns.
        """
        kinds = {column: kind for column, kind in rows.schema.items() if kind in (pl.String, pl.List(pl.String))}
        ways = {column: treatment(name, column) for column in kinds}
        return rows.with_columns(
            self._column(name, rows[column], way) for column, way in ways.items() if way is not Treatment.KEPT
        )

    def settings(self, content: Any) -> Any:  # noqa: ANN401  (a mapping as YAML gives it)
        """Pseudonymise a policy: name, owner and reason of a rule, and every text that is a personal value."""
        if isinstance(content, dict):
            return {name: self._setting(name, part) for name, part in content.items()}
        if isinstance(content, list):
            return [self.settings(part) for part in content]
        if isinstance(content, str):
            return self.of(content) if content in self.met else pl.select(self.scrubbed(pl.lit(content))).item()
        return content

    def _setting(self, name: str, part: Any) -> Any:  # noqa: ANN401
        if name == _RULES and isinstance(part, list):
            return self._rules(part)
        if name == "owner" and isinstance(part, str):
            return self.of(part)
        if name == _NAMED_IN_RULES and isinstance(part, list):  # also a name that no record bears any more
            return [self.of(value) for value in part]
        return LEFT_OUT if name == "reason" and isinstance(part, str) else self.settings(part)

    def _rules(self, rules: list[dict[str, Any]]) -> list[Any]:
        """Number the names of dismissal rules: a person wrote them; in their order, so that the rows keep theirs."""
        names = sorted(str(rule["name"]) for rule in rules)
        return [{**self.settings(rule), "name": f"rule {names.index(str(rule['name'])) + 1:03d}"} for rule in rules]

    def _column(self, table: str, column: pl.Series, way: Treatment) -> pl.Expr:
        text = pl.col(column.name)
        is_list = column.dtype == pl.List(pl.String)
        if way is Treatment.LEFT_OUT:
            empty = pl.lit([], dtype=pl.List(pl.String)) if is_list else pl.lit(LEFT_OUT)
            return pl.when(text.is_not_null()).then(empty).alias(column.name)
        if way is Treatment.TOLD:
            return discount_told(text).alias(column.name)
        if way is Treatment.SCRUBBED:
            return self.scrubbed(text)
        hashed = self._hashed(f"{table}.{column.name}", column)
        if way is Treatment.PRODUCT:
            return pl.concat_str(hashed, discount_told(text), separator="; ", ignore_nulls=True).alias(column.name)
        return hashed

    def _hashed(self, source: str, column: pl.Series) -> pl.Expr:
        is_list = column.dtype == pl.List(pl.String)
        cells = column.explode() if is_list else column
        values = [value for value in cells.drop_nulls().unique().sort().to_list() if value]
        if source.split(".")[1] in PERSONAL:
            self.met |= {value: source for value in values if value not in self.met}
        hashes = [self.of(value) for value in values]
        text = pl.col(column.name)
        if is_list:
            return text.list.eval(pl.element().replace(values, hashes)).list.sort()
        return text.replace(values, hashes)


def discount_told(text: pl.Expr) -> pl.Expr:
    """Keep of a text the discount it tells, in the form it tells it: figures rest on it; null where it tells none."""
    forms = zip(("{} % off", "discount of {} %"), TOLD_DISCOUNT, strict=True)
    return pl.coalesce(pl.format(form, text.str.extract(pattern, 1)) for form, pattern in forms)


def _is_telling(value: str) -> bool:
    if sum(character.isdigit() for character in value) >= _TELLING_DIGITS:
        return True
    return len(value) >= _TELLING_LENGTH and any(mark in value for mark in " @.") and not value.isdigit()
