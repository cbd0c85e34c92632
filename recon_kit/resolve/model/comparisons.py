"""Comparisons: what two records have in common, in levels of which the first that holds counts.

Evidence that depends on one another (an e-mail address and its domain; a postal code, its city and country) is one
comparison, so that it is not counted twice. Only functions that DuckDB and Spark compute alike are used.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """One degree of agreement.

    Attributes:
        name: key of its parameters in ``model.json``.
        sql: condition on columns ``<name>_l`` (account) and ``<name>_r`` (customer); ``ELSE`` for the rest.
        words: what a reviewer reads.
        rare_by: column whose leave-one-out frequency replaces u.
        is_null: whether the level says nothing.
        differs: whether the values differ, so that it never speaks for a pair.
        least_m: floor of m, so that a disagreement never vetoes.
    """

    name: str
    sql: str
    words: str
    rare_by: str | None = None
    is_null: bool = False
    differs: bool = False
    least_m: float = 1e-4


@dataclass(frozen=True)
class Comparison:
    """Levels of one kind of evidence, strongest first."""

    name: str
    levels: tuple[Level, ...]


def _distance(least: int, share: float) -> str:
    longest = "greatest(length(name_joined_l), length(name_joined_r))"
    near = f"levenshtein(name_joined_l, name_joined_r) <= {share} * {longest}"
    return f"length(name_joined_l) >= {least} and length(name_joined_r) >= {least} and {near}"


_ROOT_IS_OTHER = "coalesce(domain_root_l <> domain_root_r, true)"
_CROSSED = (
    "length(name_joined_r) >= 4 and name_joined_r = domain_root_l"
    " or length(name_joined_l) >= 4 and name_joined_l = domain_root_r"
)
_ACRONYM = "acronym_l = name_joined_r or acronym_r = name_joined_l"
_WITHIN = (
    "length(name_core_l) >= 4 and starts_with(concat(name_core_r, ' '), concat(name_core_l, ' '))"
    " or length(name_core_r) >= 4 and starts_with(concat(name_core_l, ' '), concat(name_core_r, ' '))"
)

NAME = Comparison(
    "name",
    (
        Level("missing", "name_core_l is null or name_core_r is null", "no name to compare", is_null=True),
        Level(
            "sole",
            "name_full_l = name_full_r and is_sole_l and is_sole_r",
            "the same name, which no other account has",
            "name_full",
        ),
        Level("full", "name_full_l = name_full_r", "the same name", "name_full"),
        Level(
            "core",
            "name_core_l = name_core_r or array_contains(name_cores_l, name_core_r)",
            "the same name apart from its legal form",
            "name_core",
        ),
        Level("letters", "name_joined_l = name_joined_r", "the same letters apart from spaces"),
        Level("words", "name_sorted_l = name_sorted_r", "the same words in another order"),
        Level("person", "is_person_r", "a person's name, which says nothing of a company", is_null=True),
        Level("typo", _distance(5, 0.15), "a name one slip away"),
        Level("within", _WITHIN, "one name begins the other"),
        Level("domain_label", f"({_CROSSED}) and {_ROOT_IS_OTHER}", "the name is the other's domain"),
        Level("acronym", _ACRONYM, "one name is the other's initials"),
        Level("near", _distance(6, 0.3), "a similar name"),
        Level("rare_word", "array_has_any(rare_tokens_l, rare_tokens_r)", "a rare word in common"),
        Level("first_word", "first_token_l = first_token_r", "the same first word"),
        Level("other", "ELSE", "another name", differs=True, least_m=0.02),
    ),
)

WEB = Comparison(
    "web",
    (
        Level(
            "missing",
            "(email_r is null and domain_r is null) or (len_emails_l = 0 and len_domains_l = 0)",
            "no address to compare",
            is_null=True,
        ),
        Level("email", "array_contains(emails_l, email_r)", "the same e-mail address", "email", least_m=0.2),
        Level("domain", "array_contains(domains_l, domain_r)", "the same web domain", "domain"),
        Level("no_domain", "domain_r is null or len_domains_l = 0", "no company domain to compare", is_null=True),
        Level(
            "label",
            "domain_root_l = domain_root_r and first_token_l = first_token_r",
            "the same domain under another ending",
            is_null=True,
        ),
        Level("other_ending", "domain_root_l = domain_root_r", "the same domain under another ending"),
        Level("other", "ELSE", "another domain", differs=True, least_m=0.05),
    ),
)

PHONE = Comparison(
    "phone",
    (
        Level("missing", "phone_l is null or phone_r is null", "no phone to compare", is_null=True),
        Level("same", "phone_l = phone_r", "the same phone", "phone"),
        Level("other", "ELSE", "another phone", differs=True, least_m=0.1),
    ),
)

REGISTRATION = Comparison(
    "registration",
    (
        Level(
            "missing",
            "registration_l is null or registration_r is null",
            "no tax or registration number to compare",
            is_null=True,
        ),
        Level("same", "registration_l = registration_r", "the same tax or registration number", "registration"),
        Level("other", "ELSE", "another tax or registration number", differs=True, least_m=0.05),
    ),
)

_SAME_CITY = "city_l = city_r and coalesce(country_l = country_r, true)"

PLACE = Comparison(
    "place",
    (
        Level(
            "postal_code",
            "postal_code_l = postal_code_r and coalesce(country_l = country_r, true)",
            "the same postal code",
            "postal_code",
        ),
        Level("common_city", f"{_SAME_CITY} and is_common_city_l", "the city of most accounts", is_null=True),
        Level("city", _SAME_CITY, "the same city", "city"),
        Level("missing", "country_l is null or country_r is null", "no place to compare", is_null=True),
        Level(
            "other_city",
            "country_l = country_r and city_l <> city_r",
            "another city",
            "country",
            differs=True,
            least_m=0.15,
        ),
        Level(
            "common_country",
            "country_l = country_r and is_common_country_l",
            "the country of most accounts",
            is_null=True,
        ),
        Level("country", "country_l = country_r", "the same country", "country"),
        Level("other", "ELSE", "another country", differs=True, least_m=0.02),
    ),
)

COMPARISONS: tuple[Comparison, ...] = (NAME, WEB, PHONE, REGISTRATION, PLACE)
