"""Features: what the second stage knows of a pair beside its match weight."""

from __future__ import annotations

import polars as pl

from recon_kit.resolve.model.records import COMMON_FROM, Records
from recon_kit.resolve.model.sharing import Sharing, carriers
from recon_kit.resolve.model.similarities import with_shared_words, with_similarities

FEATURES: dict[str, int] = {
    "match_weight": 1,
    "weight_name": 0,
    "weight_web": 0,
    "weight_place": 0,
    "sim_letters": 1,
    "sim_start": 1,
    "sim_words": 1,
    "sim_shared_words": 1,
    "sim_crossed": 1,
    "words_shared": 1,
    "rarest_shared": 1,
    "is_sole": 1,
    "is_email": 1,
    "is_domain": 1,
    "is_phone": 1,
    "is_registration": 1,
    "is_postal_code": 1,
    "is_city": 1,
    "is_country": 1,
    "is_person": 0,
    "name_on_customers": 0,
    "own_name_on_accounts": -1,
    "own_name_on_customers": 0,
    "domain_on_accounts": -1,
    "domain_on_customers": 0,
    "email_on_customers": 0,
    "name_elsewhere": -1,
    "registration_elsewhere": -1,
    "candidates": -1,
    "lead_weight": 1,
    "lead_name": 1,
    "lead_full": 1,
    "lead_place": 1,
    "lead_in_domain": 1,
}
"""What the second stage reads, with the way in which each may move the probability (0: either)."""

_ALONE = {"lead_weight": 30.0, "lead_name": 1.0, "lead_full": 1.0, "lead_place": 3.0, "lead_in_domain": 1.0}
"""Lead of a pair that has no rival."""


def with_features(pairs: pl.DataFrame, records: Records, sharing: Sharing) -> pl.DataFrame:
    """Describe each pair for the second stage.

    Args:
        pairs: what :func:`recon_kit.resolve.model.scoring.pair_weights` returns.
        records: the records whose rows the pairs name.
        sharing: of the whole company.

    Returns:
        One row per pair, in the order given: its columns and :data:`FEATURES`.
    """
    alike = with_shared_words(with_similarities(pairs, records), records)
    return _with_leads(_with_elsewhere(_with_sharing(_with_agreement(alike, records), records, sharing)))


def _with_agreement(pairs: pl.DataFrame, records: Records) -> pl.DataFrame:
    """Add which values agree: 1, 0, or null where a side has none."""
    sides = pl.concat(
        [_side(records.accounts, pairs["account"], "_l"), _side(records.customers, pairs["customer"], "_r")],
        how="horizontal",
    )
    same = [
        (pl.col(f"{name}_l") == pl.col(f"{name}_r")).alias(f"is_{name}")
        for name in ("phone", "registration", "postal_code", "name_full")
    ]
    agreement = sides.select(
        *same,
        *(_same_place(name) for name in COMMON_FROM),
        has_form=pl.col("has_form_l") | pl.col("has_form_r"),
        is_core=pl.col("name_cores_l").list.contains(pl.col("name_core_r")),
        is_email=pl.col("emails_l").list.contains(pl.col("email_r")),
        is_domain=pl.when(pl.col("len_domains_l") > 0).then(pl.col("domains_l").list.contains(pl.col("domain_r"))),
        is_sole=(pl.col("name_full_l") == pl.col("name_full_r")) & pl.col("is_sole_l") & pl.col("is_sole_r"),
        is_person=pl.col("is_person_r"),
    )
    return pl.concat([pairs, agreement.cast(pl.Float64)], how="horizontal")


def _same_place(name: str) -> pl.Expr:
    """Whether the place is the same; null where most accounts share it."""
    is_same = pl.col(f"{name}_l") == pl.col(f"{name}_r")
    return pl.when(~(is_same & pl.col(f"is_common_{name}_l"))).then(is_same).alias(f"is_{name}")


def _side(records: pl.DataFrame, rows: pl.Series, suffix: str) -> pl.DataFrame:
    return records.select(pl.col(_COMPARED).gather(rows).name.suffix(suffix))


_COMPARED = ["phone", "registration", "postal_code", "city", "country", "name_full", "name_core", "name_cores", "email",
             "emails", "domain", "domains", "len_domains", "is_sole", "is_person", "has_form", "is_common_country",
             "is_common_city"]  # fmt: skip


def _with_sharing(pairs: pl.DataFrame, records: Records, sharing: Sharing) -> pl.DataFrame:
    """Add how many parties carry the customer's values, and the account's name (log of 1 + count; null without one)."""
    added = []
    for kind, column in (
        ("name", "name_core"),
        ("domain", "domain"),
        ("email", "email"),
        ("registration", "registration"),
    ):
        counts = carriers(records.customers[column], sharing[kind])
        added += [
            counts[side].gather(pairs["customer"]).log1p().alias(f"{kind}_{side}")
            for side in ("on_accounts", "on_customers")
        ]
    own = carriers(records.accounts["name_core"], sharing["name"])
    added += [
        own[side].gather(pairs["account"]).log1p().alias(f"own_name_{side}") for side in ("on_accounts", "on_customers")
    ]
    return pairs.with_columns(added)


def _with_elsewhere(pairs: pl.DataFrame) -> pl.DataFrame:
    """Add whether another account has the customer's very name or number, while this one does not."""
    return pairs.with_columns(
        _elsewhere("name_on_accounts", "is_core").alias("name_elsewhere"),
        _elsewhere("registration_on_accounts", "is_registration").alias("registration_elsewhere"),
    )


def _elsewhere(carried: str, agrees: str) -> pl.Expr:
    return ((pl.col(carried).fill_null(0) > 0) & (pl.col(agrees).fill_null(0) == 0)).cast(pl.Float64)


def _with_leads(pairs: pl.DataFrame) -> pl.DataFrame:
    """Add how far a pair is ahead of the customer's best other pair; negative where it is behind."""
    place = pl.sum_horizontal(pl.col("is_city", "is_country", "is_postal_code").fill_null(0))
    name = pl.max_horizontal("sim_words", "sim_letters").fill_null(0)
    ranked = pairs.with_columns(
        lead_weight="match_weight",
        lead_name=name,
        lead_full=pl.col("sim_full").fill_null(0),
        lead_place=place,
        lead_in_domain=pl.when(pl.col("is_domain") == 1).then(name),
    )
    return _ahead(ranked).with_columns(candidates=pl.len().over("customer").cast(pl.Float64).log1p())


def _ahead(ranked: pl.DataFrame) -> pl.DataFrame:
    """Replace each value by its distance to the best of the customer's other pairs, all columns in one pass each."""
    names = list(_ALONE)
    best = ranked.select(
        *(pl.col(name).max().over("customer").alias(name) for name in names),
        *(pl.col(name).count().over("customer").alias(f"{name}_known") for name in names),
    )
    behind = ranked.select(
        "customer", *(pl.when(pl.col(name) != best[name]).then(pl.col(name)).alias(name) for name in names)
    )
    second = behind.select(
        *(pl.col(name).max().over("customer") for name in names),
        *(pl.col(name).count().over("customer").alias(f"{name}_known") for name in names),
    )
    return ranked.with_columns(_lead(ranked, best, second, name) for name in names)


def _lead(ranked: pl.DataFrame, best: pl.DataFrame, second: pl.DataFrame, name: str) -> pl.Series:
    sides = pl.DataFrame(
        {
            "value": ranked[name],
            "best": best[name],
            "second": second[name],
            "known": best[f"{name}_known"],
            "behind": second[f"{name}_known"],
        }
    )
    is_only_best = (pl.col("value") == pl.col("best")) & (pl.col("known") - pl.col("behind") == 1)
    other = pl.when(is_only_best).then("second").otherwise("best")
    lead = pl.when(pl.col("known") > 1).then(pl.col("value") - other).otherwise(pl.lit(_ALONE[name]))
    return sides.select(pl.when(pl.col("value").is_not_null()).then(lead).alias(name)).to_series()
