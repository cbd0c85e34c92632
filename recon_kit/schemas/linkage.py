"""Tables of who is who."""

import dataframely as dy

from recon_kit.schemas import columns as c
from recon_kit.schemas.table import Table


class Candidates(dy.Schema):
    """One row per pair of customer and account that some evidence connects."""

    customer_id = c.key()
    account_id = c.key()
    evidence = c.text()
    match_weight = c.probability()
    match_probability = c.probability()
    link_probability = c.probability()


class Links(dy.Schema):
    """One row per Stripe customer: the account it belongs to, how sure, and why."""

    customer_id = c.key()
    account_id = c.text()
    method = c.name()
    link_probability = c.probability()
    match_weight = c.probability()
    status = c.name()
    runner_up_account_id = c.text()
    runner_up_probability = c.probability()
    reason = c.name()


class LinkFaults(dy.Schema):
    """One row per explicit id that is evidence of nothing: dangling, ambiguous or deleted."""

    subject = c.name()
    id = c.name()
    points_to = c.name()
    fault = c.name()
    message = c.name()


class Decisions(dy.Schema):
    """One row per line of the decision journal that this close knew, and what became of it here.

    ``subject`` is ``link`` (``id`` a customer, with ``account_id``) or ``gap`` (``id`` a gap). ``status``: ``applied``,
    ``lapsed`` (its evidence changed), ``superseded`` (a newer one is about the same), ``contradicting`` (one customer
    confirmed to two accounts) or ``unknown_subject``; only those applied changed a figure.
    """

    sequence = dy.Int64(primary_key=True)
    subject = c.name()
    id = c.name()
    account_id = c.text()
    decision = c.name()
    by = c.name()
    at = c.moment()
    reason = c.name()
    status = c.name()
    message = c.name()
    room = c.name()


LINKAGE = (
    Table("candidates", Candidates),
    Table("links", Links),
    Table("link_faults", LinkFaults, order=("subject", "id", "points_to", "fault")),
    Table("decisions", Decisions),
)
