"""Hard negatives of life: timing, people leaving, merged and related companies, and what happens after as_of."""

from datetime import timedelta
from fractions import Fraction

from .billing import Biller
from .catalogue import hard_negative
from .dates import add_months
from .salesforce_objects import Deal
from .selling import sell, win
from .story import Story
from .subscribing import bill, fail, give_back, stop_at_period_end


@hard_negative
def plant_trial_aligned(story: Story) -> None:
    """Set up early with a trial that ends on the day the contract begins."""
    start = story.first(2, 1)
    account, customer = story.open("USD", since=start - timedelta(days=12))
    items = [(story.price("platform", "USD", "monthly"), 1)]
    deal = sell(story, account, items, start, closed=start - timedelta(days=15))
    biller = bill(story, customer, items, start - timedelta(days=12), trial_until=start)
    story.hard("trial aligned", "Billing starts when the trial ends, on the contract's first day.", deal, biller)


@hard_negative
def plant_contract_starting_later(story: Story) -> None:
    """Signed, and not in force before next month."""
    company = story.company("USD")
    account = story.account(company, since=story.ago(50))
    items = [(story.price("business", "USD", "annual"), 24)]
    deal = sell(story, account, items, add_months(story.as_of.replace(day=15), 1), closed=story.ago(8))
    story.hard("contract starting later", "Nothing is due before the contract begins.", deal)


@hard_negative
def plant_stopping_after_churn(story: Story) -> None:
    """The customer left; the subscription runs out with its paid month."""
    start = story.first(8, 20)
    account, customer = story.open("USD", since=start)
    items = [(story.price("team", "USD", "monthly"), 22)]
    sell(story, account, items, start)
    biller = bill(story, customer, items, start)
    story.churn(account, story.ago(5))
    stop_at_period_end(story, biller, story.ago(6))
    story.hard(
        "cancel_at_period_end after churn", "Churned, but stopped: nothing more will be billed.", account, biller
    )


@hard_negative
def plant_grace(story: Story) -> None:
    """The contract ended the day before yesterday; the renewal is on its way."""
    start = add_months(story.ago(1), -12)
    account, customer = story.open("USD", since=start)
    items = [(story.price("team", "USD", "monthly"), 15)]
    deal = sell(story, account, items, start)
    biller = bill(story, customer, items, start)
    story.hard("grace", "Ended two days ago; three days pass before it is called a gap.", deal, biller)


@hard_negative
def plant_parent_and_subsidiary(story: Story) -> None:
    """A parent and its subsidiary share a web domain and buy separately."""
    start = story.first(7, 1)
    company = story.company("USD")
    parent = story.account(company, since=start - timedelta(days=40), name=company.legal_name)
    child = story.account(
        company,
        since=start - timedelta(days=30),
        name=f"{company.name} Europe",
        parent_id=parent.id,
        billing_email=None,
    )
    clue = "id" if story.ids != "none" else "email"
    pairs = []
    for account, seats in ((parent, 45), (child, 17)):
        items = [(story.price("team", "USD", "monthly"), seats)]
        deal = sell(story, account, items, start)
        biller = bill(story, story.customer(account, company, since=start, clue=clue), items, start)
        pairs.append((deal, biller))
    story.hard(
        "parent and subsidiary share a domain",
        "Two accounts, two customers, two contracts.",
        *(found for pair in pairs for found in pair),
    )


@hard_negative
def plant_merged_account(story: Story) -> None:
    """The customer names an account that was merged into the one that holds the contract."""
    start = story.first(11, 1)
    company = story.company("USD")
    survivor = story.account(company, since=start - timedelta(days=60))
    loser = story.account(company, since=start - timedelta(days=20), name=f"{company.name} (old)", billing_email=None)
    loser.timeline.set(story.moment(story.first(6, 8)), "", master_id=survivor.id)
    customer = story.customer(survivor, company, since=start, clue="id", metadata_account=loser)
    items = [(story.price("business", "USD", "monthly"), 20)]
    deal = sell(story, survivor, items, start)
    biller = bill(story, customer, items, start)
    story.hard("merged account", "The merged account's id resolves to its survivor.", survivor, loser, deal, biller)


@hard_negative
def plant_two_customers(story: Story) -> None:
    """One account, two Stripe customers: headquarters and a team with its own card."""
    start = story.first(8, 1)
    account, first = story.open("USD", since=start)
    second = story.customer(account, account.company, since=start, clue="id" if story.ids != "none" else "email")
    found: list[Deal | Biller] = []
    for customer, key, seats in ((first, "platform", 1), (second, "team", 9)):
        items = [(story.price(key, "USD", "monthly"), seats)]
        found += [sell(story, account, items, start), bill(story, customer, items, start)]
    story.hard("two customers of one account", "Each contract is billed to one of the two customers.", *found)


@hard_negative
def plant_services_only(story: Story) -> None:
    """A project without anything that recurs."""
    company = story.company("USD")
    account = story.account(company, since=story.first(5))
    fee = story.price("implementation", "USD", "once")
    deal = win(story, account, Fraction(0), story.first(3), 3, fees=[(fee, "Data migration project")], basis="total")
    story.hard("services only", "Won, and without recurring value.", deal)


@hard_negative
def plant_past_due(story: Story) -> None:
    """The last payment failed, retries are under way: the MRR still counts."""
    start = story.first(6, story.as_of.day - 5 if story.as_of.day > 6 else 20)
    account, customer = story.open("USD", since=start)
    items = [(story.price("business", "USD", "monthly"), 18)]
    deal = sell(story, account, items, start)
    biller = bill(story, customer, items, start)
    fail(story, biller, story.ago(28), "recovered", attempts=3)
    story.hard("past due", "A failed payment that is being retried is still a live subscription.", deal, biller)


@hard_negative
def plant_duplicate_refund(story: Story) -> None:
    """One payment was taken twice and given back."""
    start = story.first(9, 1)
    account, customer = story.open("USD", since=start)
    items = [(story.price("team", "USD", "monthly"), 14)]
    deal = sell(story, account, items, start)
    biller = bill(story, customer, items, start)
    give_back(story, biller, story.first(4, 6), 10**9, reason="duplicate")
    story.hard("duplicate refund", "A duplicate payment given back changes no price.", deal, biller)


@hard_negative
def plant_free_plan(story: Story) -> None:
    """An unlinked customer on the free plan."""
    start = story.first(3, 21)
    customer = story.customer(None, story.company("USD"), since=start, clue="free")
    biller = bill(story, customer, [(story.price("free", "USD", "monthly"), 1)], start)
    story.hard("free plan", "Nothing is billed, so nothing is orphaned.", customer, biller)


@hard_negative
def plant_incomplete(story: Story) -> None:
    """A sign-up whose first payment never came."""
    start = story.first(1, 11)
    customer = story.customer(None, story.company("USD"), since=start, clue="free")
    biller = bill(story, customer, [(story.price("team", "USD", "monthly"), 16)], start)
    fail(story, biller, start, "expired", attempts=1)
    story.hard("incomplete", "A subscription that expired before its first payment never existed.", customer, biller)


@hard_negative
def plant_free_mail_customer(story: Story) -> None:
    """A customer with a free-mail address, known by id."""
    start = story.first(5, 10)
    account, customer = story.open("USD", since=start, clue="name")
    account.stripe_customer_id = customer.id if story.ids != "none" else None
    story.links[customer.id] = (account, "id" if story.ids != "none" else "name")
    items = [(story.price("starter", "USD", "annual"), 1)]
    deal, biller = sell(story, account, items, start), bill(story, customer, items, start)
    story.hard("free-mail customer", "The address says nothing; the id does.", customer, deal, biller)


@hard_negative
def plant_gate_without_cadence(story: Story) -> None:
    """A won opportunity without billing cadence and payment terms: two rows of the gate, no gap."""
    start = story.first(3, 1)
    account, customer = story.open("USD", since=start)
    items = [(story.price("platform", "USD", "monthly"), 1)]
    deal = sell(story, account, items, start, cadence=None, terms=None)
    biller = bill(story, customer, items, start)
    story.hard("gate violation", "The gate names the missing fields; the MRR can still be computed.", deal, biller)


@hard_negative
def plant_long_invoice(story: Story) -> None:
    """Twelve items on one subscription: the invoice's lines need a second page."""
    start = story.first(2, 1)
    account, customer = story.open("USD", since=start)
    units = range(11_000, 23_000, 1_000)
    items = [(story.negotiated("sandbox", "USD", "monthly", unit), 1) for unit in units]
    deal = sell(story, account, items, start)
    biller = bill(story, customer, items, start)
    story.hard("long invoice", "Lines beyond the tenth are on the overflow page.", deal, biller)


@hard_negative
def plant_test_mode(story: Story) -> None:
    """Someone tried the checkout in test mode."""
    start = story.first(4, 14)
    customer = story.customer(None, story.company("USD"), since=start, clue="domain", livemode=False)
    biller = bill(story, customer, [(story.price("team", "USD", "monthly"), 3)], start)
    story.hard("test mode", "Test objects are excluded and counted.", customer, biller)


@hard_negative
def plant_duplicate_row(story: Story) -> None:
    """The export repeats one opportunity, byte by byte."""
    start = story.first(5, 5)
    account, customer = story.open("USD", since=start)
    items = [(story.price("team", "USD", "monthly"), 21)]
    deal = sell(story, account, items, start, with_lines=False)
    biller = bill(story, customer, items, start)
    story.is_exported_twice = True
    story.hard("duplicate row", "The same line twice in one export is dropped and counted.", deal, biller)
