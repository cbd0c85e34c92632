"""Records: accounts and customers in the shape in which they are blocked and compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from recon_kit.resolve.model.term_frequencies import term_frequencies

MOST_CARRIED = 5
"""Accounts that may carry a word that still counts as rare."""

LEAST_LETTERS = 3
"""Letters of the shortest word that may count as rare."""


LEAST_SIZE = 1_000
"""Accounts that a smaller company is taken to have."""

COMMON_FROM = {"country": 0.3, "city": 0.5}
"""Share of the other accounts from which sharing a place says nothing: its match weight would turn against the pair."""


@dataclass(frozen=True)
class Records:
    """Both sides of a linkage.

    Attributes:
        accounts: one row per account, sorted.
        customers: one row per customer, sorted, with the same columns.
        frequencies: what :func:`recon_kit.resolve.model.term_frequencies.term_frequencies` returns.
    """

    accounts: pl.DataFrame
    customers: pl.DataFrame
    frequencies: dict[str, pl.DataFrame]

    @property
    def size(self) -> int:
        """How many accounts there are taken to be: a value that is rare among a hundred is not rare in the world."""
        return size_of(self.accounts)

    def of_customers(self, first: int, length: int) -> Records:
        """Return all accounts and some customers, by their row."""
        return replace(self, customers=self.customers.slice(first, length))


def records_of(account_keys: pl.DataFrame, customer_keys: pl.DataFrame) -> Records:
    """Shape the keys of a whole company for linkage.

    Args:
        account_keys: rows of ``account_keys``.
        customer_keys: rows of ``customer_keys``.

    Returns:
        One row per account and one per customer, sorted by ``unique_id``: what :func:`_record` lists, ``is_sole``
        (no other account carries the name; no customer that can be told apart does), ``rare_tokens``,
        ``is_common_country`` and ``is_common_city`` (most accounts are there). An account's ``email`` and ``domain``
        are null: what it carries of them stands in ``emails`` and ``domains``.
    """
    none = pl.lit(None, dtype=pl.String)
    domains = pl.col("domains").fill_null([])
    theirs = pl.when(domains.list.contains(pl.col("email_domain"))).then("email_domain")
    accounts = _record(account_keys.rename({"account_id": "unique_id"}), email=none, domain=none).with_columns(
        is_sole=pl.col("name_full").is_not_null() & (pl.len().over("name_full") == 1)
    )
    customers = _record(
        customer_keys.rename({"customer_id": "unique_id"}),
        email=pl.col("email"),
        domain=pl.coalesce(theirs, domains.list.first()),
    ).with_columns(is_sole=pl.col("name_full").is_not_null() & _alike("domain") & _alike("country"))
    rare = _rare_words(accounts)
    left, right = _with_rare_words(accounts, rare), _with_rare_words(customers, rare)
    frequencies = term_frequencies(left, size_of(left))
    return Records(_with_common(left, frequencies), _with_common(right, frequencies), frequencies)


def size_of(accounts: pl.DataFrame) -> int:
    """Count accounts, at least :data:`LEAST_SIZE`."""
    return max(accounts.height, LEAST_SIZE)


def _record(own: pl.DataFrame, *, email: pl.Expr, domain: pl.Expr) -> pl.DataFrame:
    tokens, domains, emails = (pl.col(name).fill_null([]) for name in ("name_tokens", "domains", "emails"))
    return own.select(
        "unique_id",
        "name_full",
        "name_core",
        "acronym",
        "phone",
        "postal_code",
        "city",
        "country",
        pl.col("name_cores").fill_null([]),
        name_joined=pl.col("name_core").str.replace_all(" ", "", literal=True),
        name_sorted=tokens.list.unique().list.sort().list.join(" "),
        first_token=tokens.list.first(),
        tokens=tokens,
        has_form=(pl.col("name_full").str.split(" ").list.last() != tokens.list.last()).fill_null(value=False),
        is_person=pl.col("person_like").fill_null(value=False),
        email=email,
        emails=emails,
        len_emails=emails.list.len().cast(pl.Int64),
        mailbox=pl.col("email").str.extract(r"^([^@]+)@", 1).str.replace_all(r"[^a-z0-9]", ""),
        domain=domain,
        domains=domains,
        len_domains=domains.list.len().cast(pl.Int64),
        domain_root=pl.col("domain_root").str.replace_all(r"[^a-z0-9]", ""),
        registration=pl.coalesce("tax_id", "tax_number"),
    ).sort("unique_id")


def _with_common(records: pl.DataFrame, frequencies: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Tell whether most accounts share a record's place: where all are in one country, it tells none from another."""
    return records.with_columns(
        pl.col(name)
        .is_in(_common(frequencies[name], name, least).implode())
        .fill_null(value=False)
        .alias(f"is_common_{name}")
        for name, least in COMMON_FROM.items()
    )


def _common(frequencies: pl.DataFrame, name: str, least: float) -> pl.Series:
    return frequencies.filter(pl.col(f"tf_{name}") >= least)[name]


def _alike(column: str) -> pl.Expr:
    """Whether no two of one name differ in a column: several customers of one company are no rivals."""
    value = pl.col(column)
    return (value.min().over("name_full") == value.max().over("name_full")).fill_null(value=True)


def _rare_words(accounts: pl.DataFrame) -> pl.DataFrame:
    words = accounts.select("unique_id", word="tokens").explode("word", empty_as_null=False).unique()
    counted = words.group_by("word").len("carried")
    return counted.filter(pl.col("carried") <= MOST_CARRIED, pl.col("word").str.len_chars() >= LEAST_LETTERS)


def _with_rare_words(records: pl.DataFrame, rare: pl.DataFrame) -> pl.DataFrame:
    words = records.select("unique_id", word="tokens").explode("word", empty_as_null=False)
    listed = words.join(rare, on="word", how="semi").group_by("unique_id").agg(rare_tokens=pl.col("word").sort())
    joined = records.join(listed, on="unique_id", how="left", validate="1:1", maintain_order="left")
    return joined.with_columns(pl.col("rare_tokens").fill_null([]))
