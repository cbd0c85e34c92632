"""Units that no salesman would sell, drawn at random in the words of ``tests.sold_and_billed``: many shapes, few words."""

from __future__ import annotations

import datetime as dt
from random import Random

from tests.hand_made import AS_OF

AMOUNTS = ("100", "150", "200", "230", "300", "300.60", "301", "400", "450", "500")
STARTS = (
    -700, -500, -400, -397, -366, -365, -364, -335, -300, -250, -200, -199, -190, -100, -60, -30, -29, -20, -14, -13,
    -7, -6, -2, 0,
)  # fmt: skip
TERMS = (None, None, 364, 364, 730, 365, 200, 180, 90, 60, 30)
KINDS = ("", "", "", "", "", "", "kind=renewal", "kind=renewal", "kind=expansion", "elsewhere=1", "known=no")
LIVES = ("", "", "", "", "ended", "ended", "paused", "trial", "stops", "at_period_end=1", "trialled", "known=no")
COUNTS = (0, 1, 1, 2, 2, 3, 4)


def draw_company(seed: int, units: int, currencies: tuple[str, ...] = ()) -> tuple[str, str, str]:
    """What is sold, what is billed, and what became of the customers; each unit has an account and a customer.

    Where currencies are named, every other record is in one of them.
    """
    dice = Random(seed)
    sold, billed = [], []
    for unit in range(units):
        contracts = [_contract(dice, f"o{unit}x{number}", unit) for number in range(dice.choice(COUNTS))]
        subscriptions = [_subscription(dice, f"s{unit}x{number}", unit) for number in range(dice.choice(COUNTS))]
        sold += [_in_currency(dice, text, currencies) for text in contracts]
        billed += [_in_currency(dice, text, currencies) for text in subscriptions]
    churned = f"churned={_day(dice.choice((0, -1, -30, -100)))}"
    return "; ".join(sold), "; ".join(billed), dice.choice(("", "", "", "", churned, "unlinked"))


def _in_currency(dice: Random, text: str, currencies: tuple[str, ...]) -> str:
    if not currencies or dice.random() < 0.5:
        return text
    return f"{text} currency={dice.choice(currencies)}"


def _day(days: int) -> str:
    return (AS_OF + dt.timedelta(days=days)).isoformat()


def _contract(dice: Random, name: str, unit: int) -> str:
    start, term = dice.choice((*STARTS, 20)), dice.choice(TERMS)
    names = f"names=s{unit}x{dice.randrange(4)}" if dice.random() < 0.2 else ""
    closed = f"closed={_day(start + dice.choice((-20, -3, 5)))}" if dice.random() < 0.3 else ""
    amount = "0" if dice.random() < 0.05 else dice.choice(AMOUNTS)
    kind = dice.choice(KINDS)
    is_ordinary = amount != "0" and not kind.startswith("elsewhere")
    end = _day(start + term) if term and is_ordinary else ""
    return f"{name} {amount} {_day(start)}..{end} {kind} {names} {closed} of=acc{unit}"


def _subscription(dice: Random, name: str, unit: int) -> str:
    start = dice.choice(STARTS)
    names = f"names=o{unit}x{dice.randrange(4)}" if dice.random() < 0.15 else ""
    amount = dice.choice((*AMOUNTS, "0"))
    return f"{name} {amount} {_day(start)} {_life(dice, start)} {names} of=cus{unit}"


def _life(dice: Random, start: int) -> str:
    life = dice.choice(LIVES)
    if life == "ended":
        after = [days for days in (5, 10, 30, 100, 150, 200, 300, 365) if start + days <= 0]
        if not after:
            return ""
        why = dice.choice(("", "", "", "status=unpaid", "cancellation_reason=payment_failed"))
        return f"ended={_day(start + dice.choice(after))} {why}"
    days = {
        "paused": max(start, -dice.choice((0, 1, 2, 30))),
        "trial": dice.choice((1, 10, 30)),
        "trialled": min(0, start + 14),
        "stops": dice.choice((1, 10, 59, 60, 61, 64, 200)),
    }
    return f"{life.replace('trialled', 'trial')}={_day(days[life])}" if life in days else life
