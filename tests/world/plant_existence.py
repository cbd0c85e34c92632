"""Faults of existence: sold and not billed, billed and not sold, ended on one side only."""

from datetime import date, timedelta

from .catalogue import fault
from .dates import accrue, add_months, last_day
from .selling import monthly_of, sell
from .story import Story
from .subscribing import bill, cancel, fail


def _unbilled(story: Story, start: date, cause: str, closed: date) -> None:
    """A contract that started and that nobody set up in Stripe."""
    company = story.company("USD")
    account = story.account(company, since=closed - timedelta(days=60))
    items = [(story.price("business", "USD", "annual"), 12 * story.rng.randrange(2, 8))]
    deal = sell(story, account, items, start, closed=closed)
    story.expect("missing_subscription", cause, max(start, closed), [deal])


@fault("missing_subscription", "handoff_missed")
def plant_handoff_missed(story: Story) -> None:
    """Signed and started months ago; billing never heard of it."""
    start = story.first(story.rng.randrange(2, 5), 1)
    _unbilled(story, start, "handoff_missed", start - timedelta(days=9))


@fault("missing_subscription", "handoff_missed")
def plant_handoff_missed_two_weeks(story: Story) -> None:
    """Fourteen days old: the first day that is no longer a matter of timing."""
    _unbilled(story, story.ago(14), "handoff_missed", story.ago(20))


@fault("missing_subscription", "timing_lag")
def plant_timing_lag(story: Story) -> None:
    """Started ten days ago: billing usually follows within two weeks."""
    _unbilled(story, story.ago(10), "timing_lag", story.ago(24))


@fault("missing_subscription", "timing_lag")
def plant_timing_lag_in_window(story: Story) -> None:
    """Signed late, four days ago: too young to be called a gap."""
    _unbilled(story, story.ago(12), "timing_lag", story.ago(4))


@fault("missing_subscription", "handoff_missed")
def plant_never_billed(story: Story) -> None:
    """A contract that ran and ended within the last year, and was never billed."""
    start = story.first(9, 1)
    company = story.company("USD")
    account = story.account(company, since=start - timedelta(days=40))
    items = [(story.price("team", "USD", "monthly"), 20)]
    deal = sell(story, account, items, start, 6, closed=start - timedelta(days=5))
    impact = accrue(monthly_of(items), start, add_months(start, 6))
    story.expect("missing_subscription", "handoff_missed", start, [deal], impact=impact, is_ended=True)


def _left_behind(story: Story, ended: date) -> None:
    """The customer cancelled in Stripe; Salesforce believes in the contract."""
    start = story.first(7, 1)
    account, customer = story.open(since=start)
    items = [(story.price("business", account.company.place.currency, "monthly"), story.rng.randrange(10, 40))]
    deal = sell(story, account, items, start)
    biller = bill(story, customer, items, start)
    cancel(story, biller, ended, "switched_service")
    story.expect("phantom_revenue", "cancellation_not_in_crm", ended, [deal], [biller])


@fault("phantom_revenue", "cancellation_not_in_crm")
def plant_cancellation_not_in_crm(story: Story) -> None:
    """Cancelled seven weeks ago."""
    _left_behind(story, story.ago(52))


@fault("phantom_revenue", "cancellation_not_in_crm")
def plant_cancellation_in_window(story: Story) -> None:
    """Cancelled on the very day of the close."""
    _left_behind(story, story.as_of)


def _unpaid_phantom(story: Story, outcome: str) -> None:
    """Payments failed until Stripe gave up; the contract still stands."""
    start, broke = story.first(8, 1), story.first(2, 1)
    account, customer = story.open("USD", since=start)
    items = [(story.price("team", "USD", "monthly"), story.rng.randrange(10, 30))]
    deal = sell(story, account, items, start)
    biller = bill(story, customer, items, start)
    fail(story, biller, broke, outcome)
    story.expect("phantom_revenue", "failed_payment", broke + timedelta(days=15), [deal], [biller])


@fault("phantom_revenue", "failed_payment")
def plant_failed_payment(story: Story) -> None:
    """Stripe cancelled after the fourth attempt."""
    _unpaid_phantom(story, "canceled")


@fault("phantom_revenue", "failed_payment")
def plant_failed_payment_unpaid(story: Story) -> None:
    """Stripe marked the subscription unpaid after the fourth attempt."""
    _unpaid_phantom(story, "unpaid")


def _signed_up(
    story: Story, start: date, key: str, quantity: int, cause: str, *, trial_until: date | None = None
) -> None:
    """A subscription of a customer whom Salesforce does not know."""
    company = story.company("USD")
    customer = story.customer(None, company, since=start, clue=story.rng.choice(("free", "domain")))
    biller = bill(story, customer, [(story.price(key, "USD", "monthly"), quantity)], start, trial_until=trial_until)
    story.expect("orphaned_revenue", cause, trial_until or start, [], [biller])


@fault("orphaned_revenue", "self_service_signup")
def plant_self_service_signup(story: Story) -> None:
    """Signed up on the web site five months ago, and grew past the threshold of 500."""
    _signed_up(story, story.first(5, 9), "team", 14, "self_service_signup")


@fault("orphaned_revenue", "self_service_signup")
def plant_self_service_small(story: Story) -> None:
    """A small self-service customer."""
    _signed_up(story, story.first(story.rng.randrange(1, 9), 18), "starter", 1, "self_service_signup")


@fault("orphaned_revenue", "self_service_signup")
def plant_self_service_in_window(story: Story) -> None:
    """Signed up three days ago."""
    _signed_up(story, story.ago(3), "team", 11, "self_service_signup")


@fault("orphaned_revenue", "trial_conversion")
def plant_trial_conversion(story: Story) -> None:
    """Tried for two weeks, then paid; sales never noticed."""
    start = story.first(3, 6)
    _signed_up(story, start, "team", 18, "trial_conversion", trial_until=start + timedelta(days=14))


@fault("orphaned_revenue", "merge_residue")
def plant_merge_residue(story: Story) -> None:
    """The customer names an account that was merged away; the survivor has no contract."""
    start = story.first(10, 1)
    company = story.company("USD")
    survivor = story.account(company, since=start - timedelta(days=30))
    loser = story.account(company, since=start - timedelta(days=5), name=company.name, billing_email=None)
    loser.timeline.set(story.moment(story.first(4, 11)), "", master_id=survivor.id)
    customer = story.customer(survivor, company, since=start, clue="id", metadata_account=loser)
    biller = bill(story, customer, [(story.price("business", "USD", "monthly"), 12)], start)
    story.expect("orphaned_revenue", "merge_residue", start, [], [biller])


def _churned(story: Story, on: date) -> None:
    """Salesforce knows that the customer left; Stripe goes on billing."""
    start = story.first(9, 1)
    account, customer = story.open("USD", since=start)
    items = [(story.price("platform", "USD", "monthly"), 1)]
    sell(story, account, items, start)
    biller = bill(story, customer, items, start)
    story.churn(account, on)
    story.expect("billing_after_churn", "cancellation_not_in_billing", on, [], [biller])


@fault("billing_after_churn", "cancellation_not_in_billing")
def plant_billing_after_churn(story: Story) -> None:
    """Left two months ago, still charged."""
    _churned(story, story.ago(61))


@fault("billing_after_churn", "cancellation_not_in_billing")
def plant_billing_after_churn_in_window(story: Story) -> None:
    """Left on the day of the close."""
    _churned(story, story.as_of)


@fault("date_misalignment", "billing_past_end")
def plant_billing_past_end(story: Story) -> None:
    """The contract ran out three months ago, nobody renewed it, Stripe bills on."""
    start = story.first(15, 1)
    account, customer = story.open(since=start)
    items = [(story.price("team", account.company.place.currency, "monthly"), story.rng.randrange(12, 35))]
    deal = sell(story, account, items, start)
    biller = bill(story, customer, items, start)
    story.expect("date_misalignment", "billing_past_end", last_day(start, 12) + timedelta(days=1), [deal], [biller])
