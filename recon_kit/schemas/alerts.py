"""Tables of what a team is told at once: alerts, and the records that stand alone, run by run."""

import dataframely as dy

from recon_kit.schemas import columns as c
from recon_kit.schemas.table import Table


class Alerts(dy.Schema):
    """One row per alert, the most urgent first.

    ``kind`` is ``failed_extract``, ``failed_payment``, ``aggregate``, ``unmatched_count``, ``unmatched_growth``,
    ``straggler`` or ``gap``; ``cause`` that of the gap, else the kind. ``alert_id`` is the same from run to run;
    ``content_sha256`` changes when there is news: another cause, state or amount in its own currency.
    ``amount_minor`` is what is at stake: of a gap its impact, of a failed payment what is open, of an aggregate the
    drift. ``waits_for_link``: a link in review may settle the gap, so nobody is told until it is decided.
    """

    alert_id = c.key()
    rank = c.count()
    kind = c.name()
    cause = c.name()
    family = c.text()
    gap_id = c.text()
    state = c.name()
    waits_for_link = c.flag()
    account_id = c.text()
    account_name = c.text()
    customer_ids = c.names()
    opportunity_ids = c.names()
    subscription_ids = c.names()
    crm_mrr_minor = c.maybe_minor()
    billing_mrr_minor = c.maybe_minor()
    difference_minor = c.maybe_minor()
    difference_pct = c.percent()
    amount_minor = c.maybe_minor()
    mrr_at_risk_minor = c.maybe_minor()
    currency = c.text()
    since_on = c.day()
    owner_team = c.text()
    teams = c.names()
    owner_names = c.names()
    owner_emails = c.names()
    sentence = c.name()
    next_step = c.name()
    content_sha256 = c.name()


class Unmatched(dy.Schema):
    """One row per (as_of, kind, currency): records that stand alone, in this close and in up to three before it.

    ``kind`` is the family of one-sided open gaps (amounts are MRR), or ``quarantine`` (amounts as the records say).
    """

    as_of = dy.Date(primary_key=True)
    kind = c.key()
    currency = c.key()
    number = c.count()
    amount_minor = c.minor()


ALERTS = (
    Table("alerts", Alerts, order=("rank",)),
    Table("unmatched", Unmatched),
)
