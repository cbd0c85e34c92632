"""A whole company: many stories, the payouts they share, and the truth about all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

from . import (
    plant_amounts,
    plant_by_verb,
    plant_dates,
    plant_existence,
    plant_hard_chains,
    plant_hard_later,
    plant_hard_life,
    plant_hard_terms,
    plant_ordinary,
)
from .catalogue import BY_VERB, FAULTS, HARD_NEGATIVES, ORDINARY, Plant
from .dates import instant
from .invoices import BalanceTransaction, Payout
from .payments import weekly_payouts
from .pricing import PriceList
from .story import Ids, Story
from .truth import Gap, Mrr, story_gaps, story_mrr

HORIZON_DAYS = 60
STRIDE = 11  # shares no factor with the number of ordinary stories in a cycle, so every one has its turn
PLANTS = (
    plant_amounts,
    plant_by_verb,
    plant_dates,
    plant_existence,
    plant_hard_chains,
    plant_hard_later,
    plant_hard_life,
    plant_hard_terms,
    plant_ordinary,
)
TWICE = ("expansion", "handoff_missed", "self_service_small")


@dataclass(frozen=True)
class Link:
    """The true account of a customer, and what leads to it."""

    customer_id: str
    account_id: str
    how: str


@dataclass
class Truth:
    """Everything that a perfect reconciliation would find."""

    links: list[Link]
    mrr: list[Mrr]
    gaps: list[Gap]
    hard_negatives: list[tuple[str, str, str]]


@dataclass
class World:
    """A company's history; rendering it is a function of the pull date and of the API's shape."""

    seed: int
    as_of: date
    prices: PriceList
    stories: list[Story] = field(default_factory=list)

    @property
    def horizon(self) -> int:
        """Instant up to which the history is told."""
        return instant(self.as_of + timedelta(days=HORIZON_DAYS))

    @cached_property
    def payouts(self) -> list[Payout]:
        """Payouts of all live movements."""
        return weekly_payouts(self.seed, self.movements(), self.horizon)

    def movements(self) -> Iterator[BalanceTransaction]:
        """Every live balance transaction but those of payouts."""
        for story in self.stories:
            yield from story_movements(story)

    @cached_property
    def truth(self) -> Truth:
        """Links, MRR, gaps and hard negatives, each sorted by id."""
        mrr, gaps, hard = [], [], []
        for story in self.stories:
            mrr += story_mrr(story)
            gaps += story_gaps(story)
            hard += [(found.what, ";".join(found.ids), found.why) for found in story.hard_negatives]
        return Truth(
            self.links(),
            sorted(mrr, key=lambda row: (row.side, row.record_id)),
            sorted(gaps, key=lambda gap: (gap.family, gap.cause, gap.opportunity_ids, gap.subscription_ids)),
            sorted(hard),
        )

    def links(self) -> list[Link]:
        """True account of every live customer, sorted by the customer's id."""
        found = []
        for story in self.stories:
            for customer in story.customers:
                account, how = story.links[customer.id]
                if customer.livemode and customer.timeline.created < story.cutoff:
                    found.append(Link(customer.id, account.id if account else "", how))
        return sorted(found, key=lambda link: link.customer_id)

    def render(
        self,
        folder: Path,
        pulled_on: date | None = None,
        shape: str = "mixed",
        *,
        gzip: bool = False,
        all_events: bool = True,
    ) -> None:
        """Write the snapshot of an evening: ``stripe/`` and ``salesforce/`` in the layout of a raw folder."""
        from .render import render_world  # noqa: PLC0415

        render_world(self, folder, pulled_on or self.as_of, shape, is_zipped=gzip, all_events=all_events)


def story_movements(story: Story) -> Iterator[BalanceTransaction]:
    """Live balance transactions of one story."""
    for biller in story.billers:
        if not biller.subscription.customer.livemode:
            continue
        for invoice in biller.subscription.invoices:
            for charge in invoice.payment.charges if invoice.payment else ():
                if charge.transaction:
                    yield charge.transaction
    for refund in story.refunds:
        yield refund.transaction
    for dispute in story.disputes:
        yield from (moved for _, moved in dispute.transactions)


def composition(accounts: int, faults: Mapping[str, int] | None) -> list[Plant]:
    """Which stories are told, in order: faults, hard negatives, then everyday business by weight."""
    copies = max(1, accounts // 150)
    wanted = faults if faults is not None else {name: copies * (1 + (name in TWICE)) for name in FAULTS}
    known = FAULTS | BY_VERB
    unknown = set(wanted) - set(known)
    if unknown:
        message = f"unknown faults {sorted(unknown)}; known are {sorted(known)}"
        raise KeyError(message)
    plants = [known[name] for name, number in wanted.items() for _ in range(number)][:accounts]
    plants += (list(HARD_NEGATIVES.values()) * copies)[: max(0, (accounts - len(plants)) // 2)]
    cycle = [plant for plant in ORDINARY.values() for _ in range(plant.weight)]
    left = accounts - len(plants)
    return plants + [cycle[number * STRIDE % len(cycle)] for number in range(left)]


def clue_for(plant: Plant, number: int, ids: Ids) -> str:
    """What leads from customer to account: an id for half, else e-mail or domain; for a few only the name."""
    if ids == "all":
        return "id"
    cycle = (
        ("id", "email", "id", "domain")
        if plant.family or plant.is_hard_negative
        else ("id", "email", "id", "domain", "id", "name", "id", "domain")
    )
    clue = cycle[number % len(cycle)]
    return "email" if clue == "id" and ids == "none" else clue


def build_world(
    seed: int,
    accounts: int = 150,
    as_of: date = date(2026, 10, 31),
    faults: Mapping[str, int] | None = None,
    ids: Ids = "some",
) -> World:
    """Build the history of a company.

    Args:
        seed: everything random follows from it.
        accounts: number of stories, most of which are one account and one customer.
        as_of: the day whose evening the truth describes.
        faults: how often each fault of the catalogue is planted; by default every one that a story tells, and none of
            those that a verb of the kit plants in rendered records.
        ids: whether customers and accounts name one another: never, half of them, or all.
    """
    world = World(seed, as_of, PriceList(seed))
    for number, plant in enumerate(composition(accounts, faults)):
        story = Story(seed, number, as_of, world.prices, clue_for(plant, number, ids), ids)
        story.plant = plant.name
        plant.tell(story)
        story.play(world.horizon)
        world.stories.append(story)
    return world
