"""Blocking: the pairs worth comparing, found by shared keys, each key bounded by how many accounts carry it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit.resolve.model.records import Records

_TOKENS_KEPT = 6
"""Tokens of a name, in order, from which keys are made: long names would give hundreds of pairs of tokens."""


@dataclass(frozen=True)
class BlockingRule:
    """A key that both sides of a pair share.

    Attributes:
        name: what is shared.
        of_customer: expression of the customer's keys (String or List of String).
        of_account: expression of the account's keys.
        most_accounts: a key that more accounts carry is not used.
    """

    name: str
    of_customer: pl.Expr
    of_account: pl.Expr
    most_accounts: int


def _same(name: str, column: str, most_accounts: int) -> BlockingRule:
    return BlockingRule(name, pl.col(column), pl.col(column), most_accounts)


def _within(*columns: str) -> pl.Expr:
    """Join columns to one key; null when one of them is."""
    return pl.concat_str(columns, separator="|")


def _long(column: str, least: int) -> pl.Expr:
    return pl.when(pl.col(column).str.len_chars() >= least).then(column)


def _start(length: int) -> pl.Expr:
    return pl.when(pl.col("name_joined").str.len_chars() >= length).then(pl.col("name_joined").str.slice(0, length))


def _end(length: int) -> pl.Expr:
    return pl.when(pl.col("name_joined").str.len_chars() >= length).then(pl.col("name_joined").str.tail(length))


def _tokens() -> pl.Expr:
    return pl.col("tokens").list.head(_TOKENS_KEPT)


def _first_two() -> pl.Expr:
    return pl.when(pl.col("tokens").list.len() >= 2).then(pl.col("tokens").list.head(2).list.join(" "))  # noqa: PLR2004


def _first(*, within: str | None = None) -> pl.Expr:
    first = pl.col("tokens").list.first()
    return first if within is None else pl.concat_str(first, within, separator="|")


RULES: tuple[BlockingRule, ...] = (
    BlockingRule("e-mail address", pl.col("email"), pl.col("emails"), 50),
    BlockingRule("domain", pl.col("domain"), pl.col("domains"), 50),
    BlockingRule(
        "domain and first word",
        pl.concat_str("domain", _first(), separator="|"),
        pl.concat_list(
            pl.concat_str(pl.col("domains").list.get(i, null_on_oob=True), _first(), separator="|") for i in range(2)
        ),
        50,
    ),
    _same("registration number", "registration", 20),
    _same("phone", "phone", 10),
    _same("full name", "name_full", 60),
    BlockingRule("core name", pl.col("name_core"), pl.col("name_cores"), 40),
    BlockingRule("core name and city", _within("name_core", "city"), _within("name_core", "city"), 60),
    BlockingRule("core name and country", _within("name_core", "country"), _within("name_core", "country"), 60),
    _same("letters of the core name", "name_joined", 40),
    _same("words of the core name", "name_sorted", 40),
    BlockingRule("word", _tokens(), _tokens(), 10),
    BlockingRule("first two words", _first_two(), _first_two(), 8),
    BlockingRule("first word and city", _first(within="city"), _first(within="city"), 8),
    BlockingRule("first word and postal code", _first(within="postal_code"), _first(within="postal_code"), 20),
    BlockingRule("start of the name", _start(7), _start(7), 8),
    BlockingRule("end of the name", _end(8), _end(8), 8),
    BlockingRule(
        "start of the name and city",
        pl.concat_str(_start(4), "city", separator="|"),
        pl.concat_str(_start(4), "city", separator="|"),
        8,
    ),
    BlockingRule("domain label", _long("domain_root", 4), _long("domain_root", 4), 10),
    BlockingRule("name as domain label", _long("name_joined", 4), _long("domain_root", 4), 10),
    BlockingRule("domain label as name", _long("domain_root", 4), _long("name_joined", 4), 10),
    BlockingRule("domain label as first word", _long("domain_root", 4), _first(), 10),
    BlockingRule("start of domain label as name", _long("domain_root", 7).str.slice(0, 7), _start(7), 10),
    BlockingRule("acronym as name", pl.col("acronym"), pl.col("name_joined"), 10),
    BlockingRule("name as acronym", pl.col("name_joined"), pl.col("acronym"), 10),
    BlockingRule("acronym as domain label", pl.col("acronym"), pl.col("domain_root"), 10),
    BlockingRule("mailbox as name", _long("mailbox", 5), _long("name_joined", 5), 10),
    BlockingRule("start of mailbox as name", _long("mailbox", 10).str.slice(0, 10), _start(10), 10),
    _same("postal code", "postal_code", 4),
)
"""The rules, strongest first."""


def blocked_pairs(records: Records) -> pl.DataFrame:
    """List the pairs of records that share a key of some rule.

    Returns:
        One row per pair, sorted: ``customer`` and ``account`` (row numbers in the records), ``rules`` (Int64, one bit
        per rule of :data:`RULES`).
    """
    found = [
        _pairs_of(rule, records).with_columns(rules=pl.lit(1 << bit, dtype=pl.Int64)) for bit, rule in enumerate(RULES)
    ]
    pairs = pl.concat(found)
    return pairs.group_by("customer", "account").agg(pl.col("rules").sum()).sort("customer", "account")


def pairs_by_rule(pairs: pl.DataFrame) -> pl.DataFrame:
    """Count how many pairs each rule finds, and how many only it finds.

    Args:
        pairs: what :func:`blocked_pairs` returns.

    Returns:
        One row per rule, in their order: ``rule``, ``pairs``, ``pairs_of_this_alone``.
    """
    bits = [1 << bit for bit in range(len(RULES))]
    counted = pairs.select(
        pairs=pl.concat_list(((pl.col("rules") & bit) > 0).sum().cast(pl.Int64) for bit in bits),
        pairs_of_this_alone=pl.concat_list((pl.col("rules") == bit).sum().cast(pl.Int64) for bit in bits),
    )
    return counted.explode("pairs", "pairs_of_this_alone").insert_column(
        0, pl.Series("rule", [rule.name for rule in RULES])
    )


def _pairs_of(rule: BlockingRule, records: Records) -> pl.DataFrame:
    theirs = _keyed(records.customers, rule.of_customer, "customer")
    ours = _keyed(records.accounts, rule.of_account, "account")
    used = ours.join(theirs, on="key", how="semi")
    bounded = used.filter(pl.len().over("key") <= rule.most_accounts)
    return theirs.join(bounded, on="key", how="inner", validate="m:m").select("customer", "account").unique()


def _keyed(side: pl.DataFrame, key: pl.Expr, name: str) -> pl.DataFrame:
    # Keys are compared as 64-bit hashes, in half the time of text; two keys that met by chance would only make
    # one pair more to compare.
    keyed = side.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias(name), key=key)
    if keyed.schema["key"] == pl.List(pl.String):
        listed = keyed.explode("key", empty_as_null=False).filter(pl.col("key") != "")
        return listed.with_columns(pl.col("key").hash()).unique()
    return keyed.filter(pl.col("key") != "").with_columns(pl.col("key").hash())
