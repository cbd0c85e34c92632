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
        weight: of each of its pairs in training, relative to the company's own.
    """

    moved: float = 0.12
    abroad: float = 0.04
    without_city: float = 0.0
    without_place: float = 0.0
    without_address: float = 0.0
    without_web: float = 0.0
    weight: float = 1.0


_WEB = ("email", "email_domain", "web_domain", "domain_root")
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
    return replace(company, account_keys=accounts, customer_keys=nowhere, weight=company.weight * loss.weight)


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
