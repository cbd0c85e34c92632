"""Kinds of column that the tables share, so that each kind is spelt once."""

import dataframely as dy


def key() -> dy.String:
    """An id that (alone or with others) identifies a row."""
    return dy.String(primary_key=True)


def text() -> dy.String:
    """Text that may be missing."""
    return dy.String(nullable=True)


def name() -> dy.String:
    """Text that is always there."""
    return dy.String(nullable=False)


def names() -> dy.List:
    """A sorted list of ids or texts, never null."""
    return dy.List(dy.String(nullable=True), nullable=False)


def minor() -> dy.Int64:
    """Money in minor units, always there."""
    return dy.Int64(nullable=False)


def maybe_minor() -> dy.Int64:
    """Money in minor units that may be unknown."""
    return dy.Int64(nullable=True)


def count() -> dy.Int64:
    """A whole number, always there."""
    return dy.Int64(nullable=False)


def maybe_count() -> dy.Int64:
    """A whole number that may be unknown."""
    return dy.Int64(nullable=True)


def day() -> dy.Date:
    """A calendar date that may be unknown."""
    return dy.Date(nullable=True)


def moment() -> dy.Datetime:
    """A UTC instant that may be unknown."""
    return dy.Datetime(nullable=True, time_zone="UTC", time_unit="us")


def flag() -> dy.Bool:
    """Yes or no, always there."""
    return dy.Bool(nullable=False)


def maybe_flag() -> dy.Bool:
    """Yes, no, or not testable."""
    return dy.Bool(nullable=True)


def percent() -> dy.Float64:
    """A percentage, in per cent."""
    return dy.Float64(nullable=True)


def probability() -> dy.Float64:
    """A probability or a weight that may be missing."""
    return dy.Float64(nullable=True)


def quantity() -> dy.Decimal:
    """An exact number of units, at most 12 decimals."""
    return dy.Decimal(38, 12, nullable=True)


def exact() -> dy.Decimal:
    """An exact amount in minor units with 15 decimals, as worksheets show it."""
    return dy.Decimal(38, 15, nullable=True)
