"""Labelled companies: keys with the truth, and weakened copies that teach which evidence may be missing or wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl


@dataclass(frozen=True)
class LabelledCompany:
    """A company whose links are known.

    Attributes:
        name: what the training record calls it.
        account_keys: rows of ``account_keys``.
        customer_keys: rows of ``customer_keys``.
        truth: one row per customer: ``customer_id``, ``account_id`` (null: it has none), ``group`` (customers of one
            group are never on both sides of a fold).
        weight: of each of its pairs in training.
    """

    name: str
    account_keys: pl.DataFrame
    customer_keys: pl.DataFrame
    truth: pl.DataFrame
    weight: float = 1.0


@dataclass(frozen=True)
class Weakening:
    """What a weakened copy of a company loses, as shares of its records.

    Attributes:
        moved: customers whose city becomes another of their country.
        abroad: customers whose country becomes another.
        without_city: customers whose city goes.
        without_place: customers whose country, city and postal code go.
        without_address: customers whose e-mail goes.
        without_web: accounts whose web site and addresses go.
        gone: accounts that go, so that their customers have none.
        neighbours: customers without an account that sit at the very place of some account.
        sisters: accounts beside which another stands whose name has one word more.
        named_alike: customers that take their account's very name, as legal names do.
        under_another_name: customers that write from a free-mail address of their account, under a stranger's name.
        weight: of each of its pairs in training, relative to the company's own.
        say: what it counts in the calibrator, relative to its weight: that is to be right on companies as they are.
    """

    moved: float = 0.12
    abroad: float = 0.04
    without_city: float = 0.0
    without_place: float = 0.0
    without_address: float = 0.0
    without_web: float = 0.0
    gone: float = 0.0
    neighbours: float = 0.0
    sisters: float = 0.0
    named_alike: float = 0.0
    under_another_name: float = 0.0
    weight: float = 1.0
    say: float = 0.25


_WEB = ("email", "email_domain", "web_domain", "domain_root")
_NAME = ("name_full", "name_core", "name_tokens", "name_cores", "acronym", "person_like")
_PLACE = ("country", "city", "postal_code")
_WEB_LISTS = ("emails", "domains")


def weakened(company: LabelledCompany, loss: Weakening, *, seed: int) -> LabelledCompany:
    """Copy a company with some of its evidence gone or wrong.

    Labelled data in which a city or a country never differs would teach that a difference is a veto; offices move.
    """
    draw = np.random.default_rng(seed)
    accounts = _without_web(company.account_keys, _drawn(draw, company.account_keys.height, loss.without_web))
    customers = company.customer_keys
    size = customers.height
    strangers = customers["country"].gather(draw.permutation(size))
    moved = customers.with_columns(
        country=_swapped(customers["country"], strangers, _drawn(draw, size, loss.abroad)),
        city=_swapped(customers["city"], _other_cities(customers, draw), _drawn(draw, size, loss.moved)),
    )
    hidden = moved.with_columns(
        city=pl.when(_drawn(draw, size, loss.without_city)).then(None).otherwise("city"),
    )
    left = _without_web(hidden, _drawn(draw, size, loss.without_address))
    nowhere = _without(left, _drawn(draw, size, loss.without_place), _PLACE)
    copy = replace(company, account_keys=accounts, customer_keys=nowhere, weight=company.weight * loss.weight)
    alike = _named_alike(copy, _drawn(draw, size, loss.named_alike))
    renamed = _under_another_name(alike, _drawn(draw, size, loss.under_another_name), draw)
    left_over = _without_accounts(renamed, _drawn(draw, accounts.height, loss.gone))
    settled = _neighbours(left_over, _drawn(draw, size, loss.neighbours), draw)
    sisters = _sisters(accounts.filter(_drawn(draw, accounts.height, loss.sisters)), accounts, draw)
    return replace(settled, account_keys=pl.concat([settled.account_keys, sisters]).sort("account_id"))


def _neighbours(company: LabelledCompany, is_drawn: pl.Series, draw: np.random.Generator) -> LabelledCompany:
    """Move customers without an account next to one: a place in common says little where companies are many."""
    places = company.account_keys.select(pl.col(name).alias(f"{name}_there") for name in _PLACE)
    there = places[draw.integers(places.height, size=company.customer_keys.height)]
    owners = company.truth.select("customer_id", "account_id")
    known = company.customer_keys.join(owners, on="customer_id", how="left", validate="1:1", maintain_order="left")
    moves = is_drawn & known["account_id"].is_null()
    moved = pl.concat([known, there], how="horizontal").with_columns(
        pl.when(moves).then(f"{name}_there").otherwise(name).alias(name) for name in _PLACE
    )
    return replace(company, customer_keys=moved.select(company.customer_keys.columns))


def _sisters(own: pl.DataFrame, accounts: pl.DataFrame, draw: np.random.Generator) -> pl.DataFrame:
    """Make accounts of sister companies: a name with a word more, in the same country, else unknown."""
    last = accounts["name_tokens"].list.last().drop_nulls()
    word = last.gather(draw.integers(last.len(), size=own.height))
    sisters = own.with_columns(word=word).drop_nulls("name_core")
    longer = [pl.concat_str(name, "word", separator=" ").alias(name) for name in ("name_full", "name_core")]
    telling = sisters.with_columns(*longer, account_id=pl.col("account_id") + "-sister").with_columns(
        name_tokens=pl.col("name_core").str.split(" "), name_cores=pl.concat_list("name_core"), acronym=None
    )
    bare = _without_web(telling, pl.repeat(value=True, n=telling.height, eager=True))
    unknown = ("phone", "tax_id", "tax_number", "postal_code", "city")
    return _without(bare, pl.repeat(value=True, n=telling.height, eager=True), unknown).select(accounts.columns)


def _named_alike(company: LabelledCompany, is_drawn: pl.Series) -> LabelledCompany:
    ours = company.account_keys.select("account_id", *(pl.col(name).alias(f"{name}_of_account") for name in _NAME))
    owners = company.truth.select("customer_id", "account_id")
    known = company.customer_keys.join(
        owners.join(ours, on="account_id", how="left", validate="m:1"),
        on="customer_id", how="left", validate="1:1", maintain_order="left",
    )  # fmt: skip
    takes = is_drawn & known["account_id"].is_not_null()
    named = known.with_columns(pl.when(takes).then(f"{name}_of_account").otherwise(name).alias(name) for name in _NAME)
    return replace(company, customer_keys=named.select(company.customer_keys.columns))


def _under_another_name(company: LabelledCompany, is_drawn: pl.Series, draw: np.random.Generator) -> LabelledCompany:
    """Give account and customer one free-mail address, and the customer the name of one that has no account."""
    customers, owners = company.customer_keys, company.truth.select("customer_id", "account_id")
    known = customers.join(owners, on="customer_id", how="left", validate="1:1", maintain_order="left")
    strangers = known.filter(pl.col("account_id").is_null()).select(_NAME)
    writes = is_drawn & known["account_id"].is_not_null()
    if not writes.any() or strangers.is_empty():
        return company
    names = strangers[draw.integers(strangers.height, size=known.height)]
    address = pl.format("owner{}@gmail.com", pl.int_range(pl.len()))
    empty = pl.lit([], dtype=pl.List(pl.String))
    renamed = known.with_columns(names[name].alias(f"{name}_other") for name in _NAME).with_columns(
        pl.when(writes).then(f"{name}_other").otherwise(name).alias(name) for name in _NAME
    )
    free = renamed.with_columns(
        *(pl.when(writes).then(None).otherwise(name).alias(name) for name in _WEB[1:]),
        email=pl.when(writes).then(address).otherwise("email"),
        emails=pl.when(writes).then(pl.concat_list(address)).otherwise("emails"),
        domains=pl.when(writes).then(empty).otherwise("domains"),
    )
    carried = free.filter(writes).group_by("account_id").agg(theirs=pl.col("email").sort())
    accounts = company.account_keys.join(carried, on="account_id", how="left", validate="1:1", maintain_order="left")
    both = pl.col("emails").fill_null([]).list.set_union(pl.col("theirs").fill_null([])).list.sort()
    return replace(
        company,
        account_keys=accounts.with_columns(emails=both).drop("theirs"),
        customer_keys=free.select(customers.columns),
    )


def _without_accounts(company: LabelledCompany, is_drawn: pl.Series) -> LabelledCompany:
    gone = company.account_keys.filter(is_drawn)["account_id"]
    stays = pl.when(~pl.col("account_id").is_in(gone.implode())).then("account_id")
    return replace(
        company,
        account_keys=company.account_keys.filter(~is_drawn),
        truth=company.truth.with_columns(account_id=stays),
    )


def _drawn(draw: np.random.Generator, size: int, share: float) -> pl.Series:
    return pl.Series(draw.random(size) < share)


def _swapped(own: pl.Series, other: pl.Series, is_drawn: pl.Series) -> pl.Series:
    return other.zip_with(is_drawn & own.is_not_null() & other.is_not_null(), own)


def _other_cities(customers: pl.DataFrame, draw: np.random.Generator) -> pl.Series:
    """Give every customer the city of some customer of its country."""
    shuffled = customers.select("country", "city").with_columns(order=pl.Series(draw.random(customers.height)))
    numbered = customers.select("country").with_columns(place=pl.int_range(pl.len()).over("country"))
    cities = shuffled.sort("order").with_columns(place=pl.int_range(pl.len()).over("country"))
    keys = ["country", "place"]
    found = numbered.join(cities, on=keys, how="left", validate="1:1", maintain_order="left", nulls_equal=True)
    return found["city"]


def _without_web(keys: pl.DataFrame, is_drawn: pl.Series) -> pl.DataFrame:
    empty = pl.lit([], dtype=pl.List(pl.String))
    lists = [pl.when(is_drawn).then(empty).otherwise(name).alias(name) for name in _WEB_LISTS]
    return _without(keys, is_drawn, _WEB).with_columns(lists)


def _without(keys: pl.DataFrame, is_drawn: pl.Series, columns: tuple[str, ...]) -> pl.DataFrame:
    return keys.with_columns(pl.when(is_drawn).then(None).otherwise(name).alias(name) for name in columns)
