"""Make the shipped link model again: ``python -m tests.bench.train_links DEVELOPMENT GENERATED UNSEEN [FOLDER]``.

DEVELOPMENT is a folder with ``left.csv``, ``right.csv``, ``left_meta.csv``, ``right_meta.csv``, ``related_pairs.csv`` and
``truth.csv`` (organisations of the Research Organization Registry); GENERATED and UNSEEN are folders with
``stripe.parquet`` and ``sf.parquet`` (generated companies of two seeds). What is learnt comes from the first two; UNSEEN
is only measured. Without FOLDER the shipped files themselves are written.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from recon_kit.normalise.keys import account_keys, customer_keys
from recon_kit.resolve.model import score_pairs
from recon_kit.resolve.model.labelled import LabelledCompany
from recon_kit.resolve.model.link_model import LinkModel
from recon_kit.resolve.model.second_stage import link_probabilities
from recon_kit.resolve.model.training import (
    FLOOR,
    LabelledPairs,
    train,
    write_model,
)

SEED = 11
GENERATED_WEIGHT = 0.12
"""Weight of a generated pair: there are four times as many, and real names are to be heard first."""

SHIPPED = Path(__file__).parents[2] / "recon_kit" / "resolve"
AUTO_LINK, MARGIN, REVIEW_FLOOR = 0.95, 0.50, 0.30


def organisations(folder: Path) -> LabelledCompany:
    """Real names; customers of one organisation, its parents and relatives are one group."""
    read = {
        name: pl.read_csv(folder / f"{name}.csv", infer_schema_length=0)
        for name in ("left", "right", "left_meta", "right_meta", "related_pairs", "truth")
    }
    accounts = read["left"].select("account_id", "name", "website", country="billing_country_code", city="billing_city")
    customers = read["right"].select("customer_id", "name", "email", country="address_country", city="address_city")
    own = read["right_meta"].select("customer_id", "ror_id")
    truth = own.join(read["truth"], on="customer_id", how="left").join(_groups(read), on="ror_id", how="left")
    return LabelledCompany(
        "organisations", *keys_of(accounts, customers), truth.select("customer_id", "account_id", "group")
    )


def _groups(read: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Join organisations that are related, directly or through others, to one group."""
    above: dict[str, str] = {}

    def top(one: str) -> str:
        while above.setdefault(one, one) != one:
            above[one] = above[above[one]]
            one = above[one]
        return one

    organisation = dict(read["left_meta"].select("account_id", "ror_id").rows()) | dict(
        read["right_meta"].select("customer_id", "ror_id").rows()
    )
    pairs = read["left_meta"].drop_nulls("parent_ror_id").select("ror_id", "parent_ror_id").rows()
    related = read["related_pairs"].select("customer_id", "account_id").rows()
    for one, other in [*pairs, *((organisation[customer], organisation[account]) for customer, account in related)]:
        above[top(one)] = top(other)
    known = sorted(set(organisation.values()))
    return pl.DataFrame({"ror_id": known, "group": [top(one) for one in known]})


def generated(folder: Path, weight: float = GENERATED_WEIGHT) -> LabelledCompany:
    """Generated companies; customers of one company are one group."""
    stripe, crm = (pl.read_parquet(folder / f"{name}.parquet") for name in ("stripe", "sf"))
    same = {"postcode": "postal_code", "vat": "vat_number"}
    accounts = crm.rename({"unique_id": "account_id", "email": "billing_email", **same})
    customers = stripe.rename({"unique_id": "customer_id", **same})
    owners = accounts.select("entity_id", "account_id")
    truth = customers.select("customer_id", "entity_id").join(owners, on="entity_id", how="left", validate="m:1")
    truth = truth.select("customer_id", "account_id", group=pl.col("entity_id").cast(pl.String))
    return LabelledCompany(folder.name, *keys_of(accounts, customers), truth, weight)


def keys_of(accounts: pl.DataFrame, customers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Derive the keys of both sides; columns that a side does not have are empty."""
    place = ["name", "phone", "country", "postal_code", "city", "vat_number"]
    ours = _with_columns(accounts, ["account_id", "website", "billing_email", *place]).with_columns(
        contact_emails=pl.lit([], dtype=pl.List(pl.String)), is_deleted=pl.lit(value=False), survivor_id="account_id"
    )
    return account_keys(ours), customer_keys(_with_columns(customers, ["customer_id", "email", *place]))


def _with_columns(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    none = pl.lit(None, dtype=pl.String)
    return frame.select((pl.col(name) if name in frame.columns else none.alias(name)) for name in names)


def figures(best: pl.DataFrame) -> dict[str, float]:
    """Measure one row per customer: probability, runner_up, is_right, has_account."""
    given, right = best["probability"].to_numpy(), best["is_right"].cast(pl.Float64).to_numpy()
    owners = best["has_account"].sum()
    chosen, linked = given >= 0.5, (given >= AUTO_LINK) & (given - best["runner_up"].to_numpy() >= MARGIN)
    precision, recall = right[chosen].mean(), right[chosen].sum() / owners
    sure = given.clip(1e-6, 1 - 1e-6)
    return {
        "precision": round(float(precision), 4),
        "recall": round(float(recall), 4),
        "f1": round(float(2 * precision * recall / (precision + recall)), 4),
        "linked_precision": round(float(right[linked].mean()), 4),
        "linked_recall": round(float(right[linked].sum() / owners), 4),
        "review_share": round(float(((given >= REVIEW_FLOOR) & ~linked).mean()), 4),
        "calibration_error": round(calibration_error(given, right), 4),
        "calibration_error_middle": round(calibration_error(given, right, 0.2, 0.9), 4),
        "log_loss": round(float(-(right * np.log(sure) + (1 - right) * np.log(1 - sure)).mean()), 4),
    }


def calibration_error(given: Any, right: Any, low: float = 0.0, high: float = 1.01) -> float:
    inside = (given >= low) & (given < high)
    bins = np.minimum((given * 10).astype(int), 9)
    gaps = [abs((given - right)[inside & (bins == one)].sum()) for one in range(10)]
    return float(sum(gaps) / max(inside.sum(), 1))


def best_of(pairs: pl.DataFrame, model: LinkModel, truth: pl.DataFrame) -> pl.DataFrame:
    """Choose each customer's likeliest pair; pairs carry customer, account_id, pair_probability, is_true."""
    ranked = pairs.with_columns(link_probabilities(pairs, model.calibrator)).sort(
        "customer_id", "link_probability", "account_id", descending=[False, True, False]
    )
    best = ranked.group_by("customer_id", maintain_order=True).agg(
        probability=pl.first("link_probability"),
        runner_up=pl.col("link_probability").get(1, null_on_oob=True),
        is_right=pl.first("is_true"),
    )
    joined = truth.select("customer_id", has_account=pl.col("account_id").is_not_null()).join(
        best, on="customer_id", how="left"
    )
    return joined.with_columns(
        pl.col("probability", "runner_up").fill_null(0.0), pl.col("is_right").fill_null(value=False)
    )


def measured(company: LabelledCompany, model: LinkModel) -> dict[str, float]:
    """Measure a model on a company it has not seen."""
    scored = score_pairs(company.account_keys, company.customer_keys, floor=FLOOR, model=model)
    known = scored.join(company.truth.select("customer_id", true_id="account_id"), on="customer_id", how="left")
    judged = known.with_columns(
        customer=pl.col("customer_id"), is_true=(pl.col("account_id") == pl.col("true_id")).fill_null(value=False)
    )
    return figures(best_of(judged, model, company.truth))


def record_of(
    companies: list[LabelledCompany], unseen: LabelledCompany, model: LinkModel, predicted: list[LabelledPairs]
) -> dict[str, Any]:
    """Tell on what, when and how well the model was trained."""
    home = {
        f"{part.name}, weakened copy {part.copy}" if part.copy else part.name: figures(
            best_of(part.pairs, model, part.truth)
        )
        for company in companies
        for part in predicted
        if part.name == company.name
    }
    return {
        "trained_on": dt.datetime.now(dt.UTC).date().isoformat(),
        "companies": [
            {
                "name": one.name,
                "accounts": one.account_keys.height,
                "customers": one.customer_keys.height,
                "weight": one.weight,
            }
            for one in companies
        ],
        "seed": SEED,
        "out_of_fold": home,
        "unseen_generated": measured(unseen, model),
        "transfer": transfer(companies),
    }


def transfer(companies: list[LabelledCompany]) -> dict[str, dict[str, float]]:
    """Train on one company only and measure on the other."""
    told = {}
    for home, abroad in (companies, companies[::-1]):
        model, _ = train([home], seed=SEED)
        told[f"{home.name} to {abroad.name}"] = measured(abroad, model)
    return told


def main() -> None:
    development, made, unseen, *rest = (Path(one) for one in sys.argv[1:])
    companies = [organisations(development), generated(made)]
    model, predicted = train(companies, seed=SEED)
    write_model(model, record_of(companies, generated(unseen), model, predicted), rest[0] if rest else SHIPPED)


if __name__ == "__main__":
    main()
