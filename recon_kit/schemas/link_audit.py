"""Tables of how good the links are on this company, and what would teach most about them."""

import dataframely as dy

from recon_kit.schemas import columns as c
from recon_kit.schemas.table import Table


class LinkAudit(dy.Schema):
    """One row per measure of the model on customers whose account an explicit id or a decision tells.

    They are linked as if it did not. ``low`` and ``high`` bound 95 % of 500 resamples by customer; ``of`` is how many
    customers a share is of, ``count`` how many of them it counts.
    """

    measure = c.key()
    value = c.probability()
    low = c.probability()
    high = c.probability()
    count = c.maybe_count()
    of = c.maybe_count()


class LinkReliability(dy.Schema):
    """One row per tenth of probability: how many customers the model gave it, and how many of the links are right."""

    bin = c.key()
    from_probability = c.probability()
    to_probability = c.probability()
    links = c.count()
    mean_probability = c.probability()
    observed = c.probability()
    low = c.probability()
    high = c.probability()


class CalibratorProposal(dy.Schema):
    """One row per knot of the calibrator that this company's labels propose; none below 300 labels.

    Nothing uses it until a person adopts it. ``link_probability`` as the model gives it becomes ``calibrated``; between
    knots on the straight line.
    """

    knot = dy.Int64(primary_key=True)
    link_probability = c.probability()
    calibrated = c.probability()


class LabellingSheet(dy.Schema):
    """One row per customer whose answer would teach most about the links, most telling first."""

    rank = dy.Int64(primary_key=True)
    customer_id = c.name()
    customer_name = c.text()
    customer_email = c.text()
    account_id = c.name()
    account_name = c.text()
    link_probability = c.probability()
    runner_up_account_id = c.text()
    runner_up_probability = c.probability()
    mrr_minor = c.count()
    evidence = c.text()
    why = c.name()


LINK_AUDIT = (
    Table("link_audit", LinkAudit),
    Table("link_reliability", LinkReliability),
    Table("calibrator_proposal", CalibratorProposal),
    Table("labelling_sheet", LabellingSheet),
)
