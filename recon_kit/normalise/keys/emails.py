"""E-mail addresses in the one form in which two spellings of a mailbox are equal."""

from __future__ import annotations

import polars as pl
from email_validator import EmailNotValidError, validate_email

from recon_kit.normalise.keys.distinct import per_distinct

_ADDRESS = r"[^\s<>()\[\],;:\"\\|]+@[^\s<>()\[\],;:\"\\|]+"
_PLAIN = (
    r"^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z])$"
)
"""RFC 5321 dot-atom at a host name: what nearly all addresses are, checked without asking the library for each."""

_LONGEST_LOCAL, _LONGEST = 64, 254
_DOTS_DO_NOT_COUNT = ("gmail.com", "googlemail.com")


def addresses_in(text: pl.Expr) -> pl.Expr:
    """List what looks like an e-mail address in a text such as ``Ann <ann@acme.com>; ap@acme.com``, in its order."""
    return text.str.normalize("NFKC").str.replace_all(r"\p{Cf}", "").str.extract_all(_ADDRESS)


def canonical_addresses(addresses: pl.Series) -> pl.Series:
    """Bring addresses to one form: lower case, ASCII host, without ``+tag``, Gmail's without dots.

    Returns:
        As many addresses, in their order; null where it is none.
    """
    lower = addresses.str.to_lowercase().str.strip_chars("'.")
    is_plain = pl.select(_is_plain(pl.lit(lower))).to_series()
    asked = per_distinct(lower.set(is_plain.fill_null(value=True), None), _validated)
    known = lower.set(~is_plain.fill_null(value=False), None).zip_with(lower.is_not_null() & is_plain, asked)
    return pl.select(_one_mailbox(pl.lit(known))).to_series()


def _is_plain(address: pl.Expr) -> pl.Expr:
    short = (address.str.len_bytes() <= _LONGEST) & (
        address.str.extract(r"^([^@]*)@").str.len_bytes() <= _LONGEST_LOCAL
    )
    return address.str.contains(_PLAIN) & short & ~address.str.contains(r"@(?:.*\.)?xn--")


def _validated(address: str) -> str | None:
    try:
        found = validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return None
    return f"{found.local_part}@{found.ascii_domain}".lower()


def _one_mailbox(address: pl.Expr) -> pl.Expr:
    host = address.str.extract(r"@(.*)$")
    local = address.str.extract(r"^([^@]*)@")
    untagged = pl.when(local.str.contains(r"^[^+]+\+")).then(local.str.extract(r"^([^+]+)\+")).otherwise(local)
    is_gmail = host.is_in(list(_DOTS_DO_NOT_COUNT))
    return pl.concat_str(
        pl.when(is_gmail).then(untagged.str.replace_all(".", "", literal=True)).otherwise(untagged),
        pl.lit("@"),
        pl.when(is_gmail).then(pl.lit(_DOTS_DO_NOT_COUNT[0])).otherwise(host),
    )
