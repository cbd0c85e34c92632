"""Which contract a subscription outlived, where several came before: the one that ended last, or the one its id names.

All on 31 October 2026. Each row: what Salesforce sold, what Stripe bills, the contract that is named and the day after its
service, from which the subscription bills without a contract; ``none`` and the bridge line where it does not.
"""

import pytest

from tests.drawn_gaps import rows_of
from tests.sold_and_billed import company, found_in

DRAWN = """
the last of a chain                  | o1 300 2025-11-01..2026-01-30; o2 200 2026-02-23..2026-09-11 | s1 200 2025-10-31 | o2 2026-09-12
the same, ids the other way round    | o2 300 2025-11-01..2026-01-30; o1 200 2026-02-23..2026-09-11 | s1 200 2025-10-31 | o1 2026-09-12
two that ran side by side            | o1 300 2025-06-01..2026-05-31; o2 200 2025-08-01..2026-07-31 | s1 200 2025-10-31 | o2 2026-08-01
two that ended on one day            | o2 300 2025-06-01..2026-05-31; o1 200 2025-09-01..2026-05-31 | s1 200 2025-10-31 | o1 2026-06-01
by id, the earlier one               | o1 300 2025-06-01..2026-02-28 names=s1; o2 200 2025-08-01..2026-07-31 | s1 300 2025-06-01 | o1 2026-03-01
by id, both                          | o1 300 2025-06-01..2026-02-28 names=s1; o2 200 2026-03-01..2026-07-31 names=s1 | s1 300 2025-06-01 | o2 2026-08-01
renewed, and the renewal ended       | o1 300 2024-06-01..2025-05-31; o2 300 2025-06-01..2026-05-31 kind=renewal | s1 300 2024-06-01 | o2 2026-06-01
the later one is still to come       | o1 300 2025-06-01..2026-09-30; o2 200 2026-12-15..2027-12-14 | s1 300 2025-06-01 | o1 2026-10-01
the renewal is still to come         | o1 300 2025-11-01..2026-10-15; o2 300 2026-11-10..2027-11-09 kind=renewal | s1 300 2025-11-01 | none not_yet_compared
"""


@pytest.mark.parametrize(("sold", "billed", "expected"), rows_of(DRAWN))
def test_drawn(sold, billed, expected):
    found = found_in(company(sold, billed))
    contract, day = expected.split()
    past_end = found.gaps.filter(cause="billing_past_end")
    if contract == "none":
        assert past_end.is_empty()
        assert set(found.placement.filter(placed_in="bridge")["line"]) == {day}
        return
    assert past_end["opportunity_ids"].to_list() == [[contract]]
    assert [str(one) for one in past_end["diverged_on"]] == [day]
    assert past_end["explanation"].str.contains(f"Deal {contract}").all()
