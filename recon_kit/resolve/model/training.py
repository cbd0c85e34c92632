"""Training: the shipped files made again from labelled companies. A close never comes here."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from recon_kit.link_files import IDENTITY, Calibrator, Parameters
from recon_kit.link_files.reading import CALIBRATOR_FILE, PARAMETERS_FILE, SECOND_STAGE_FILE, TRAINING_FILE
from recon_kit.resolve.model.features import FEATURES
from recon_kit.resolve.model.labelled import LabelledCompany, Weakening, weakened
from recon_kit.resolve.model.link_model import LinkModel
from recon_kit.resolve.model.pairs import pairs_with_features
from recon_kit.resolve.model.parameters import estimate_parameters
from recon_kit.resolve.model.second_stage import matrix, pair_probabilities, shares
from recon_kit.resolve.model.settings import rounded

Floats = npt.NDArray[np.float64]

FOLDS = 5
FLOOR = -5.0
"""Match weight below which a pair is left out: the policy's default."""

ROUNDS = 200
BOOSTING: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.08,
    "num_leaves": 8,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 127,
    "seed": 7,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
    "monotone_constraints": list(FEATURES.values()),
}

LOSSES = (
    Weakening(neighbours=0.5),
    Weakening(
        without_city=0.3, without_address=0.5, without_web=0.2, without_place=0.3, neighbours=0.3, weight=0.5
    ),
    Weakening(without_city=0.2, without_address=1.0, weight=0.5),
    Weakening(gone=0.3, neighbours=0.6, under_another_name=0.07, weight=0.2, say=0),
    Weakening(
        moved=0.3, named_alike=0.6, gone=0.3, neighbours=0.5, without_address=0.7, without_web=0.5, without_place=0.3,
        weight=0.15, say=0,
    ),
    Weakening(
        moved=0.1, named_alike=0.6, gone=0.25, sisters=0.35, without_address=0.9, without_web=0.7, without_city=0.5,
        without_place=0.5, weight=0.15, say=0,
    ),
)  # fmt: skip
"""What the weakened copies lose that every company is trained with as well."""

LEAST_ON_A_STEP = 40
"""Customers below which a step of the calibrator is joined with its neighbour."""


@dataclass(frozen=True)
class LabelledPairs:
    """Pairs with features, ``is_true`` and ``fold``, of a company or a weakened copy of it.

    Attributes:
        name: of the company.
        copy: 0 is the company itself; from 1 its weakened copies.
        pairs: what :func:`recon_kit.resolve.model.pairs.pairs_with_features` returns, with the labels.
        truth: of the company or the copy: ``customer_id``, ``account_id``, ``group``.
        weight: of each pair.
        say: of each customer in the calibrator.
    """

    name: str
    copy: int
    pairs: pl.DataFrame
    truth: pl.DataFrame
    weight: float
    say: float


def labelled_pairs(companies: list[LabelledCompany], parameters: Parameters, *, seed: int) -> list[LabelledPairs]:
    """Weigh and describe the pairs of companies and of their weakened copies."""
    model = LinkModel(parameters, "", IDENTITY)
    found = []
    for company in companies:
        copies = [weakened(company, loss, seed=seed + place) for place, loss in enumerate(LOSSES)]
        says = [1.0, *(loss.say for loss in LOSSES)]
        for number, (copy, say) in enumerate(zip([company, *copies], says, strict=True)):
            pairs = pairs_with_features(copy.account_keys, copy.customer_keys, floor=FLOOR, model=model)
            found.append(
                LabelledPairs(
                    company.name, number, _with_labels(pairs, copy.truth), copy.truth, copy.weight, copy.weight * say
                )
            )
    return found


def _with_labels(pairs: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    folds = truth.select("group").unique().sort("group").with_columns(fold=pl.int_range(pl.len()) % FOLDS)
    known = truth.select("customer_id", "group", true_id="account_id").join(
        folds, on="group", how="left", validate="m:1"
    )
    joined = pairs.join(known, on="customer_id", how="inner", validate="m:1", maintain_order="left")
    return joined.with_columns(is_true=(pl.col("account_id") == pl.col("true_id")).fill_null(value=False))


def train_second_stage(parts: list[LabelledPairs], *, without_fold: int | None = None) -> str:
    """Fit the second stage.

    Args:
        parts: labelled pairs.
        without_fold: customers of this fold are left out.

    Returns:
        LightGBM's text model.
    """
    import lightgbm as lgb  # noqa: PLC0415  (slow to load, and a close never comes here)

    kept = [
        (part.pairs.filter(pl.col("fold") != without_fold) if without_fold is not None else part.pairs, part.weight)
        for part in parts
    ]
    frame = pl.concat([pairs.select("is_true", *FEATURES) for pairs, _ in kept])
    weights = np.concatenate([np.full(pairs.height, weight) for pairs, weight in kept])
    learnt = lgb.Dataset(
        matrix(frame), frame["is_true"].to_numpy().astype(np.float64), weight=weights, feature_name=list(FEATURES)
    )
    return str(lgb.train(BOOSTING, learnt, ROUNDS).model_to_string())


def out_of_fold(parts: list[LabelledPairs], others: list[LabelledPairs]) -> list[LabelledPairs]:
    """Predict each customer by a second stage that has not seen its group.

    Args:
        parts: labelled pairs to predict and to learn from.
        others: labelled pairs to learn from only.

    Returns:
        The parts with ``pair_probability`` and ``share``.
    """
    stages = [train_second_stage([*parts, *others], without_fold=fold) for fold in range(FOLDS)]
    return [replace(part, pairs=_predicted_by_fold(part.pairs, stages)) for part in parts]


def _predicted_by_fold(pairs: pl.DataFrame, stages: list[str]) -> pl.DataFrame:
    predicted = [
        (own := pairs.filter(fold=fold)).with_columns(pair_probabilities(own, stage))
        for fold, stage in enumerate(stages)
    ]
    joined = pl.concat(predicted).sort("customer", "account")
    return joined.with_columns(shares(joined))


def fit_calibrator(parts: list[LabelledPairs]) -> Calibrator:
    """Fit the chance that a customer's best pair is right to the share that competition leaves it.

    Args:
        parts: what :func:`out_of_fold` returns.

    Reference:
        Zadrozny and Elkan 2002 (isotonic regression).
    """
    from scipy.optimize import isotonic_regression  # noqa: PLC0415  (slow to load, and a close never comes here)

    heard = [part for part in parts if part.say]
    best = pl.concat([_best(part.pairs).with_columns(weight=pl.lit(part.say)) for part in heard])
    ordered = best.sort("share", "is_true")
    given, right, weights = (ordered[name].cast(pl.Float64).to_numpy() for name in ("share", "is_true", "weight"))
    fitted = isotonic_regression(right, weights=weights)
    steps = _joined_steps(given, np.asarray(fitted.x), weights)
    inner = [(rounded(share), rounded(min(max(chance, 1e-4), 1 - 1e-4))) for share, chance in steps if 0 < share < 1]
    return Calibrator(tuple(_rising([(0.0, 0.0), *inner, (1.0, 1.0)])))


def _best(pairs: pl.DataFrame) -> pl.DataFrame:
    ranked = pairs.sort("customer", "share", "account", descending=[False, True, False])
    return ranked.group_by("customer", maintain_order=True).first().select("share", "is_true")


def _joined_steps(given: Floats, fitted: Floats, weights: Floats) -> list[tuple[float, float]]:
    """Return the middle and the height of each step, small ones joined with the next."""
    steps: list[tuple[float, float]] = []
    first = 0
    for last in range(len(given)):
        ends = last + 1 == len(given) or fitted[last + 1] != fitted[last]
        if ends and (last + 1 - first >= LEAST_ON_A_STEP or last + 1 == len(given)):
            part = slice(first, last + 1)
            steps.append(
                (
                    float(np.average(given[part], weights=weights[part])),
                    float(np.average(fitted[part], weights=weights[part])),
                )
            )
            first = last + 1
    return steps


def _rising(knots: list[tuple[float, float]]) -> list[tuple[float, float]]:
    kept: list[tuple[float, float]] = []
    for share, chance in knots:
        if not kept or share > kept[-1][0]:
            kept.append((share, max(chance, kept[-1][1] if kept else 0.0)))
    return kept


def train(companies: list[LabelledCompany], *, seed: int) -> tuple[LinkModel, list[LabelledPairs]]:
    """Train parameters, second stage and calibrator on labelled companies.

    Returns:
        The model, and the labelled pairs with what models that had not seen them said.
    """
    parameters = estimate_parameters(companies, seed=seed)
    parts = labelled_pairs(companies, parameters, seed=seed)
    unseen = out_of_fold(parts, [])
    return LinkModel(parameters, train_second_stage(parts), fit_calibrator(unseen)), unseen


def write_model(model: LinkModel, record: dict[str, Any], folder: Path) -> None:
    """Write the four files of a model.

    Args:
        model: what :func:`train` returns.
        record: on what, when and how well it was trained.
        folder: where to; made if absent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        PARAMETERS_FILE: json.dumps(model.parameters, indent=1) + "\n",
        SECOND_STAGE_FILE: model.second_stage,
        CALIBRATOR_FILE: model.calibrator.to_json(),
        TRAINING_FILE: json.dumps(record, indent=1) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
