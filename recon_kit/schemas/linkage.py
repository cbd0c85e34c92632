"""Tables of who is who."""

import dataframely as dy

from recon_kit.schemas import columns as c
from recon_kit.schemas.table import Table


class _Keys(dy.Schema):
    """What accounts and customers are compared by.

    ``name_full`` is folded, ``name_core`` without legal form, ``name_tokens`` its words in order, ``name_cores`` also
    those of accounts merged into it. ``email`` is canonical, ``emails`` all of them. Domains are registrable and speak
    for one company: free-mail, disposable, hosting, social and access providers' are left out; ``domain_root`` is the
    label before the public suffix. ``phone`` is E.164, ``tax_id`` passes its register's check, ``tax_number`` is the
    number as written, letters and digits only. ``country`` is ISO 3166-1 alpha-2.
    """

    name_full = c.text()
    name_core = c.text()
    name_tokens = c.names()
    name_cores = c.names()
    acronym = c.text()
    person_like = c.flag()
    email = c.text()
    emails = c.names()
    email_domain = c.text()
    web_domain = c.text()
    domains = c.names()
    domain_root = c.text()
    phone = c.text()
    tax_id = c.text()
    tax_number = c.text()
    country = c.text()
    postal_code = c.text()
    city = c.text()


class _AccountId(dy.Schema):
    account_id = c.key()


class _CustomerId(dy.Schema):
    customer_id = c.key()


class AccountKeys(_AccountId, _Keys):
    """One row per account that stands: what it, and what merged into it, is compared with customers by."""


class CustomerKeys(_CustomerId, _Keys):
    """One row per Stripe customer: what it is compared with accounts by."""


class Candidates(dy.Schema):
    """One row per pair of customer and account that a decision, an id or the model connects.

    ``match_weight`` (bits) and ``match_probability`` are Splink's for the pair; ``weight_*`` is what each comparison
    adds to the weight, ``weight_context`` what the second stage adds before the customer's candidates compete. All are
    null for a pair that only a decision or an id connects. ``link_probability`` is what competition and calibration
    leave: over one customer it sums to at most 1, and the rest means no account.
    """

    customer_id = c.key()
    account_id = c.key()
    evidence = c.text()
    match_weight = c.probability()
    match_probability = c.probability()
    link_probability = c.probability()
    weight_name = c.probability()
    weight_web = c.probability()
    weight_phone = c.probability()
    weight_registration = c.probability()
    weight_place = c.probability()
    weight_context = c.probability()


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
    Table("account_keys", AccountKeys),
    Table("customer_keys", CustomerKeys),
    Table("candidates", Candidates),
    Table("links", Links),
    Table("link_faults", LinkFaults, order=("subject", "id", "points_to", "fault")),
    Table("decisions", Decisions),
)
