"""The verbs that ``recon challenge`` plants errors with: what they leave is what the world would have told."""

from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from recon_kit.commands.challenge import salesforce_verbs as salesforce
from recon_kit.commands.challenge import stripe_events
from recon_kit.commands.challenge import stripe_verbs as stripe
from tests.whole_close import run_cells, write_params
from tests.world import BY_VERB, FAULTS, World, build_world
from tests.world.__main__ import write_truth
from tests.world.against_truth import assert_close_is_true
from tests.world.dates import instant
from tests.world.pricing import PriceList
from tests.world.reader import objects, rows
from tests.world.selling import sell
from tests.world.story import Story
from tests.world.subscribing import bill, cancel, change, coupon, pause, stop_on

AS_OF = date(2026, 10, 31)
SHAPES = ("old", "new")


def told(change_story: Any, folder: Path, shape: str) -> tuple[Story, dict[str, list[dict[str, Any]]]]:
    """The records of one healthy company after a story went on, or not."""
    world = World(5, AS_OF, PriceList(5))
    story = Story(5, 0, AS_OF, world.prices, "id", "all")
    start = story.first(6, 1)
    account, customer = story.open("USD", since=start)
    items = [(story.price("team", "USD", "monthly"), 30)]
    sell(story, account, items, start, with_lines=False, basis="annual")
    biller = bill(story, customer, items, start)
    change_story(story, biller)
    story.play(world.horizon)
    world.stories.append(story)
    world.render(folder, shape=shape)
    names = ("subscriptions", "events", "prices")
    return story, {name: list(objects(folder, name)) for name in names} | {"Account": list(rows(folder, "Account"))}


def both(tmp_path: Path, shape: str, change_story: Any) -> tuple[Any, Any, Any]:
    story, healthy = told(lambda _story, _biller: None, tmp_path / "healthy", shape)
    _, spoiled = told(change_story, tmp_path / "spoiled", shape)
    return story, healthy, spoiled


def changed_event(tables: Any, kind: str = "customer.subscription.updated") -> dict[str, Any]:
    return max((one for one in tables["events"] if one["type"] == kind), key=lambda one: one["created"])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_pause_by_verb_is_the_pause_that_a_story_tells(tmp_path: Path, shape: str) -> None:
    _, healthy, spoiled = both(tmp_path, shape, lambda story, biller: pause(story, biller, story.first(0, 20)))
    subscription, wanted = healthy["subscriptions"][0], spoiled["subscriptions"][0]
    before = deepcopy(subscription)
    stripe.pause(subscription, wanted["pause_collection"]["behavior"])
    assert subscription == wanted
    assert_same_event(stripe_events.updated(before, subscription, "evt_1", 1), changed_event(spoiled))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_planned_end_by_verb_is_the_one_that_a_story_tells(tmp_path: Path, shape: str) -> None:
    stop = date(2027, 2, 1)
    _, healthy, spoiled = both(tmp_path, shape, lambda story, biller: stop_on(story, biller, story.first(0, 20), stop))
    subscription, wanted = healthy["subscriptions"][0], spoiled["subscriptions"][0]
    before = deepcopy(subscription)
    stripe.plan_end(subscription, wanted["cancel_at"], wanted["canceled_at"])
    assert {**subscription, "cancellation_details": None} == {**wanted, "cancellation_details": None}
    event = stripe_events.updated(before, subscription, "evt_1", 1)
    assert event["data"]["previous_attributes"]["cancel_at"] is None


@pytest.mark.parametrize("shape", SHAPES)
def test_an_end_by_verb_is_the_one_that_a_story_tells(tmp_path: Path, shape: str) -> None:
    _, healthy, spoiled = both(tmp_path, shape, lambda story, biller: cancel(story, biller, story.first(0, 20)))
    subscription, wanted = healthy["subscriptions"][0], spoiled["subscriptions"][0]
    stripe.end(subscription, wanted["ended_at"], wanted["cancellation_details"]["reason"])
    subscription["cancellation_details"]["feedback"] = wanted["cancellation_details"]["feedback"]
    assert subscription == wanted
    event = stripe_events.deleted(subscription, "evt_1", 1)
    assert event["data"] == changed_event(spoiled, "customer.subscription.deleted")["data"] | {"object": subscription}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_coupon_by_verb_is_the_one_that_a_story_grants(tmp_path: Path, shape: str) -> None:
    def grant(story: Story, biller: Any) -> None:
        found = coupon(story, "Goodwill", amount=5_000, currency="USD")
        biller.at(instant(story.first(0, 20), 12), lambda at: biller.attach(at, found))

    _, healthy, spoiled = both(tmp_path, shape, grant)
    subscription, wanted = healthy["subscriptions"][0], spoiled["subscriptions"][0]
    given = wanted["discount"] if shape == "old" else wanted["discounts"][0]
    name = given["coupon"]["id"] if shape == "old" else given["source"]["coupon"]
    created = given["coupon"]["created"] if shape == "old" else 1
    found = stripe.coupon(name, "Goodwill", amount_off=5_000, currency="USD", created=created)
    stripe.attach(subscription, found, given["id"], given["start"])
    assert subscription == wanted


@pytest.mark.parametrize("shape", SHAPES)
def test_a_price_by_verb_is_the_one_that_a_story_negotiates(tmp_path: Path, shape: str) -> None:
    def raise_price(story: Story, biller: Any) -> None:
        price = story.negotiated("team", "USD", "monthly", 5_200)
        change(story, biller, story.first(0, 20), [(price, 31)], proration="none")

    _, healthy, spoiled = both(tmp_path, shape, raise_price)
    subscription, wanted = healthy["subscriptions"][0], spoiled["subscriptions"][0]
    item = wanted["items"]["data"][0]
    stripe.reprice(subscription, item["price"]["id"], 5_200, 31)
    for one in (subscription, wanted):
        for holder in (one, *one["items"]["data"]):
            for priced in (holder.get("price"), holder.get("plan")):
                if priced:
                    priced["nickname"] = None
    assert subscription == wanted


def assert_same_event(event: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert event["data"] == wanted["data"]
    assert {**event, **dict.fromkeys(("id", "created", "api_version"))} == {
        **wanted, **dict.fromkeys(("id", "created", "api_version"))
    }  # fmt: skip


def test_a_churn_by_verb_is_the_one_that_a_story_tells(tmp_path: Path) -> None:
    day = AS_OF - timedelta(days=9)
    _, healthy, spoiled = both(tmp_path, "new", lambda story, _biller: story.churn(story.accounts[0], day))
    account, wanted = healthy["Account"][0], spoiled["Account"][0]
    salesforce.churn(account, day, "Churned")
    columns = ("Id", "Customer_Status__c", "Churn_Date__c")
    assert [account[name] for name in columns] == [wanted[name] for name in columns]


@pytest.mark.soak
@pytest.mark.parametrize("shape", SHAPES)
def test_a_close_finds_what_verbs_planted_as_the_world_says(tmp_path: Path, shape: str) -> None:
    planted = dict.fromkeys(BY_VERB, 1)
    world = build_world(11, len(planted) + 8, AS_OF, faults=planted, ids="all")
    world.render(tmp_path / "raw", shape=shape)
    write_truth(world, tmp_path / "raw" / "truth")
    assert {gap.plant for gap in world.truth.gaps} == set(BY_VERB)
    close = run_cells(write_params(tmp_path, tmp_path / "raw"), tmp_path / "close")
    assert_close_is_true(close, tmp_path / "raw")


def test_verbs_plant_on_request_only() -> None:
    assert not set(BY_VERB) & set(FAULTS)
    assert not any(story.amendments["stripe"] or story.amendments["salesforce"] for story in build_world(3, 60).stories)
