"""The ranges a list is fetched in hold every object once, however it is distributed and whenever a worker is idle."""

import dataclasses
import json
import random

from hypothesis import given
from hypothesis import strategies as st

from recon_kit.extract.pulling.rate_limit import RateLimiter
from recon_kit.extract.pulling.shards import Shard
from recon_kit.extract.stripe_api.pages import one_line, read_page
from recon_kit.extract.stripe_api.ranges import shared

SECONDS = st.one_of(
    st.integers(0, 50),
    st.integers(1_262_303_990, 1_262_304_010),
    st.integers(1_600_000_000, 1_600_000_300),
    st.integers(1_300_000_000, 1_900_000_000),
)


@given(made=st.lists(SECONDS, max_size=120), limit=st.integers(1, 7), idle=st.integers(0, 9), seed=st.integers(0, 999))
def test_every_object_is_fetched_once(made, limit, idle, seed):
    objects = sorted(((at, f"id{number}") for number, at in enumerate(made)), reverse=True)
    chance = random.Random(seed)
    open_shards, fetched, requests = [Shard("things", "things", "/v1/things")], [], 0
    while open_shards:
        shard = open_shards.pop(chance.randrange(len(open_shards)))
        page, has_more = _page(objects, shard, limit)
        requests += 1
        fetched += [identity for _, identity in page]
        if has_more:
            rest = dataclasses.replace(shard, after=page[-1][1])
            pieces = shared(rest, newest=page[0][0], oldest=page[-1][0], on_page=100 * len(page), idle=idle)
            assert len({each.key for each in [*pieces, *open_shards]}) == len(pieces) + len(open_shards)
            open_shards += pieces
    assert sorted(fetched) == sorted(identity for _, identity in objects)
    assert requests <= 10 * len(objects) + 1


def _page(objects: list[tuple[int, str]], shard: Shard, limit: int) -> tuple[list[tuple[int, str]], bool]:
    """What a list of Stripe gives: newest first, the range half-open, after the cursor."""
    begin = 0 if shard.after is None else [identity for _, identity in objects].index(shard.after) + 1
    within = [
        (at, identity)
        for at, identity in objects[begin:]
        if at >= (shard.gte or 0) and (shard.lt is None or at < shard.lt)
    ]
    return within[:limit], len(within) > limit


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(
    objects=st.lists(st.dictionaries(st.text(), JSON, max_size=5), max_size=5),
    has_more=st.booleans(),
    indent=st.sampled_from([None, 0, 2, "\t"]),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]),
    ascii_only=st.booleans(),
    order=st.permutations(["object", "data", "has_more", "url"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_page_is_split_into_its_objects_whatever_its_layout(
    objects, has_more, indent, separators, ascii_only, order, line_end
):
    whole = {"object": "list", "data": objects, "has_more": has_more, "url": "/v1/things"}
    body = json.dumps(
        {name: whole[name] for name in order}, indent=indent, separators=separators, ensure_ascii=ascii_only
    )
    listed = read_page(body.replace("\n", line_end))
    assert listed.has_more == has_more
    assert [each.content for each in listed.found] == objects
    assert [json.loads(each.text) for each in listed.found] == objects
    assert all("\n" not in each.text and "\r" not in each.text for each in listed.found)
    assert json.loads(one_line(body)) == whole


@given(
    allowed=st.integers(20, 120),
    wanted=st.integers(5, 120),
    workers=st.integers(1, 32),
)
def test_the_limit_is_kept_up_and_refusals_stay_few(allowed, wanted, workers):
    """A server that counts in whole seconds; answers take 100 ms; five minutes."""
    clock = Clock()
    limiter = RateLimiter(wanted, elapsed=lambda: clock.now, sleep=clock.sleep)
    seconds: dict[int, int] = {}
    sent = refused = 0
    clock.pause = 0.1 / workers
    while clock.now < 300:
        limiter.acquire()
        sent += 1
        second = int(clock.now)
        seconds[second] = seconds.get(second, 0) + 1
        if seconds[second] > allowed:
            refused += 1
            limiter.refuse()
        else:
            limiter.accept()
        clock.now += clock.pause
    possible = min(allowed, wanted, workers * 10)
    assert refused <= 0.02 * sent + 2 * wanted
    assert sent - refused >= 0.85 * possible * 300


class Clock:
    """Time that passes only when someone waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pause = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds
