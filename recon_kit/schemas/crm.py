"""Salesforce tables: what was sold."""

import dataframely as dy

from recon_kit.schemas import columns as c
from recon_kit.schemas.table import Table


class Accounts(dy.Schema):
    """One row per Salesforce account, deleted and merged ones included."""

    account_id = c.key()
    name = c.text()
    website = c.text()
    phone = c.text()
    country = c.text()
    postal_code = c.text()
    city = c.text()
    parent_id = c.text()
    type = c.text()
    vat_number = c.text()
    stripe_customer_id = c.text()
    billing_email = c.text()
    contact_emails = c.names()
    status = c.text()
    is_churned = c.flag()
    churned_on = c.day()
    churned_on_source = c.text()
    owner_id = c.text()
    owner_name = c.text()
    owner_email = c.text()
    is_deleted = c.flag()
    merged_into = c.text()
    survivor_id = c.text()
    created_at = c.moment()
    changed_after_as_of = c.flag()


class Contacts(dy.Schema):
    """One row per Salesforce contact."""

    contact_id = c.key()
    account_id = c.text()
    email = c.text()


class Contracts(dy.Schema):
    """One row per Salesforce opportunity, won or not, as it stood on as_of.

    ``mrr_minor`` is what it carries on as_of (0 unless effective); ``term_mrr_minor`` what it carries on the day of its
    own term nearest to as_of. Both are rounded once from the exact value; null when they cannot be computed.
    """

    opportunity_id = c.key()
    account_id = c.name()
    account_id_as_given = c.name()
    name = c.text()
    is_won = c.flag()
    stage = c.text()
    opportunity_type = c.text()
    kind = c.name()
    close_on = c.day()
    start_on = c.day()
    start_on_source = c.text()
    end_on = c.day()
    end_on_source = c.text()
    term_months = c.maybe_count()
    amount_minor = c.maybe_minor()
    amount_basis = c.name()
    currency = c.name()
    billing_cadence = c.text()
    payment_terms = c.text()
    discount_pct = c.percent()
    discount_end_on = c.day()
    note = c.text()
    amends_id = c.text()
    prior_id = c.text()
    billing_system = c.text()
    is_billed_in_stripe = c.flag()
    stripe_subscription_id = c.text()
    owner_id = c.text()
    owner_name = c.text()
    owner_email = c.text()
    last_changed_at = c.moment()
    changed_after_as_of = c.flag()
    created_at = c.moment()
    taken_over_on = c.day()
    taken_over_by = c.text()
    is_effective = c.flag()
    is_comparable = c.flag()
    mrr_minor = c.maybe_minor()
    mrr_reporting_minor = c.maybe_minor()
    term_mrr_minor = c.maybe_minor()
    term_mrr_reporting_minor = c.maybe_minor()


class ContractLines(dy.Schema):
    """One row per opportunity line item."""

    line_id = c.key()
    opportunity_id = c.name()
    product = c.text()
    sku = c.text()
    quantity = c.quantity()
    unit_price_minor = c.maybe_minor()
    total_price_minor = c.maybe_minor()
    currency = c.name()
    kind = c.name()
    start_on = c.day()
    end_on = c.day()
    delivered_on = c.day()
    ssp_minor = c.maybe_minor()


class OpportunityHistory(dy.Schema):
    """One row per state an opportunity was saved in, up to as_of."""

    history_id = c.key()
    opportunity_id = c.name()
    changed_at = c.moment()
    amount_minor = c.maybe_minor()
    amount_before_minor = c.maybe_minor()
    currency = c.text()
    stage = c.text()
    close_on = c.day()


CRM = (
    Table("accounts", Accounts),
    Table("contacts", Contacts),
    Table("contracts", Contracts),
    Table("contract_lines", ContractLines),
    Table("opportunity_history", OpportunityHistory),
)
