"""Tables of where sales and billing disagree."""

import dataframely as dy

from recon_kit.schemas import columns as c
from recon_kit.schemas.table import Table


class Gaps(dy.Schema):
    """One row per gap between Salesforce and Stripe, amounts in the reporting currency at the common rate."""

    gap_id = c.key()
    family = c.name()
    cause = c.name()
    state = c.name()
    material = c.flag()
    account_id = c.text()
    account_name = c.text()
    customer_ids = c.names()
    opportunity_ids = c.names()
    subscription_ids = c.names()
    crm_mrr_minor = c.minor()
    billing_mrr_minor = c.minor()
    difference_minor = c.minor()
    difference_pct = c.percent()
    currency = c.name()
    diverged_on = c.day()
    age_days = c.count()
    impact_minor = c.minor()
    annualised_minor = c.minor()
    direction = c.name()
    link_probability = c.probability()
    owner_team = c.name()
    correct_in = c.name()
    suggested_correction = c.name()
    explanation = c.name()
    evidence = c.names()


class GapComponents(dy.Schema):
    """One row per gap and component of its monthly difference; they sum to the difference."""

    gap_id = c.key()
    component = c.key()
    amount_minor = c.minor()
    evidence = c.names()
    sentence = c.name()


class Pairs(dy.Schema):
    """One row per reconciled pair or group of contracts and subscriptions."""

    pair_id = c.key()
    account_id = c.text()
    opportunity_ids = c.names()
    subscription_ids = c.names()
    crm_mrr_minor = c.minor()
    billing_mrr_minor = c.minor()
    difference_minor = c.minor()
    currency = c.name()
    pairing_rule = c.name()


class Placement(dy.Schema):
    """One row per contract and subscription with MRR: the one place it has in gaps, pairs or the bridge."""

    side = c.key()
    record_id = c.key()
    placed_in = c.name()
    line = c.name()
    gap_or_pair_id = c.text()
    pairing_rule = c.text()
    unit_id = c.name()
    mrr_minor = c.minor()
    currency = c.name()


class Bridge(dy.Schema):
    """One row per line of the bridge from total Salesforce MRR to total Stripe MRR."""

    line_no = dy.Int64(primary_key=True)
    family = c.text()
    component = c.text()
    label = c.name()
    amount_minor = c.minor()
    currency = c.name()


class Dismissals(dy.Schema):
    """One row per dismissal rule of the policy and currency: what it took off the list of open gaps.

    Of a rule that expired before as_of: what it would have taken, and did not. ``currency`` is empty where it matched
    nothing.
    """

    rule = c.key()
    currency = c.key()
    conditions = c.name()
    owner = c.name()
    reason = c.name()
    expires_on = c.day()
    is_in_force = c.flag()
    gaps = c.count()
    difference_minor = c.minor()
    impact_minor = c.minor()


class Approvals(dy.Schema):
    """One row per billing event that is not standard: who decided on it, what it changed, what it touches.

    ``kind`` is ``manual_discount``, ``off_cycle_credit`` or ``amendment``; ``status`` is ``waiting``, ``approved`` or
    ``declined``. Values are minor units of ``currency``: of a discount MRR before and after all discounts, of a credit
    note what its invoice billed, of an amendment what the contract is worth over the amendment's term.
    """

    event_id = c.key()
    kind = c.name()
    on = c.day()
    by = c.text()
    account_id = c.text()
    account_name = c.text()
    customer_id = c.text()
    original_minor = c.maybe_minor()
    new_minor = c.maybe_minor()
    difference_minor = c.maybe_minor()
    currency = c.name()
    subscription_ids = c.names()
    invoice_ids = c.names()
    opportunity_ids = c.names()
    status = c.name()
    decided_by = c.text()
    decided_on = c.day()
    terms = c.name()
    note = c.text()


class History(dy.Schema):
    """One row per measure of a close, for comparing closes over time."""

    as_of = dy.Date(primary_key=True)
    measure = c.key()
    category = c.key()
    currency = c.key()
    number = c.count()
    amount_minor = c.minor()


class GapEvidence(dy.Schema):
    """One row per gap: a digest of its cause, records, their amounts in their own currency and dates.

    The next close compares it with its own: exchange rates, age and impact move by themselves and are not in it.
    """

    gap_id = c.key()
    evidence_sha256 = c.name()


class Changes(dy.Schema):
    """One row per gap that is new, gone or changed since the close before; ``what`` changed, in words."""

    gap_id = c.key()
    change = c.name()
    what = c.text()
    family = c.name()
    cause = c.name()
    account_id = c.text()
    account_name = c.text()
    difference_before_minor = c.maybe_minor()
    difference_minor = c.maybe_minor()
    impact_before_minor = c.maybe_minor()
    impact_minor = c.maybe_minor()
    currency = c.name()


FINDINGS = (
    Table("gaps", Gaps, order=("impact_minor", "gap_id"), largest_first=("impact_minor",)),
    Table("gap_components", GapComponents),
    Table("pairs", Pairs),
    Table("placement", Placement),
    Table("bridge", Bridge),
    Table("dismissals", Dismissals),
    Table("approvals", Approvals),
    Table("history", History),
    Table("gap_evidence", GapEvidence),
    Table("changes", Changes),
)
