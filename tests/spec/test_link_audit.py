"""The self-audit, drawn: who is known, what the model says of them as if they were not, and what is asked of a person."""

import json

import numpy as np
import polars as pl
import pytest

from recon_kit import charts, journal
from recon_kit.policy import Policy
from recon_kit.resolve import evaluation as ev
from recon_kit.resolve.model import shipped_model
from recon_kit.resolve.model.comparisons import COMPARISONS, NAME
from recon_kit.schemas import TABLES
from tests.hand_made import AS_OF, table

CLAIM = dict.fromkeys(("subject", "id", "points_to", "customer_id", "account_id", "fault"), pl.String)


def claims(text):
    """Explicit ids drawn as ``customer account [fault]``, one a semicolon."""
    rows = [[*one.split(), None][:3] for one in text.split(";") if one.strip()]
    return pl.DataFrame(
        [
            {**dict.fromkeys(CLAIM), "subject": "customer", "customer_id": c, "account_id": a, "fault": f}
            for c, a, f in rows
        ],
        schema=CLAIM,
    )


def decided(text):
    """Decisions drawn as ``customer account decision [status]``, one a semicolon."""
    rows = [[*one.split(), journal.APPLIED][:4] for one in text.split(";") if one.strip()]
    frame = pl.DataFrame(
        [
            {"customer_id": c, "account_id": a, "decision": d, "status": s, "sequence": n}
            for n, (c, a, d, s) in enumerate(rows)
        ],
        schema={
            "customer_id": pl.String,
            "account_id": pl.String,
            "decision": pl.String,
            "status": pl.String,
            "sequence": pl.Int64,
        },
    )
    return frame.with_columns(
        by=pl.lit("Ann"), at=pl.lit("2026-10-01T00:00:00").str.to_datetime(time_zone="UTC"), reason=pl.lit("seen")
    )


def scored(text):
    """Candidates drawn as ``customer account probability``, one a semicolon."""
    rows = [one.split() for one in text.split(";") if one.strip()]
    return table("candidates", [{"customer_id": c, "account_id": a, "link_probability": float(p)} for c, a, p in rows])


KNOWN = """
an id                        | c a1                   |                          | c a1
two ids that agree           | c a1; c a1             |                          | c a1
ids that disagree            | c a1; c a2             |                          |
an id that proves nothing    | c a1 dangling          |                          |
a confirmed decision         |                        | c a1 confirm             | c a1
a decision before an id      | c a2                   | c a1 confirm             | c a1
a rejected pair              |                        | c a1 reject              |
a lapsed decision            |                        | c a1 confirm lapsed      |
an undecided one             |                        | c a1 unsure              |
"""


@pytest.mark.parametrize("line", KNOWN.strip().splitlines(), ids=lambda line: line.split("|")[0].strip())
def test_who_is_known(line):
    _, ids, decisions, expected = (part.strip() for part in line.split("|"))
    known = ev.known_accounts(claims(ids), decided(decisions))
    assert ["{} {}".format(*row) for row in known.rows()] == ([expected] if expected else [])


# what | known | candidates | decisions | labels: customer probability right
LABELS = """
the likeliest is right        | c a1 | c a1 .9 ; c a2 .05 ; o a9 1.0                 |             | c .9 True 1; c .5 False 0
the likeliest is wrong        | c a1 | c a2 .6 ; c a1 .3 ; o a9 1.0                  |             | c .6 False 1; c .857 False 0
no candidate                  | c a1 | o a9 1.0                                      |             |
a rejected pair               | c a1 | c a1 .9 ; d a7 .6 ; o a9 1.0                  | d a7 reject | c .9 True 1; d .6 False 1
rejected, but not the likeliest | c a1 | c a1 .9 ; d a7 .6 ; d a8 .3                 | d a8 reject | c .9 True 1
"""


@pytest.mark.parametrize("line", LABELS.strip().splitlines(), ids=lambda line: line.split("|")[0].strip())
def test_labels(line):
    _, known, candidates, decisions, expected = (part.strip() for part in line.split("|"))
    pairs = pl.DataFrame([known.split()], schema=["customer_id", "account_id"], orient="row")
    customers = pl.DataFrame({"customer_id": ["c", "d", "o", "p"]})
    found = ev.labelled_links(scored(candidates), pairs, customers, decided(decisions) if decisions else None)
    drawn = sorted(
        [words.split() for words in expected.split(";") if words.strip()], key=lambda words: (words[0], float(words[1]))
    )
    seen = sorted(found.select("customer_id", "link_probability", "is_right", "is_observed").rows())
    assert [(c, pytest.approx(float(p), abs=0.001), r == "True", o == "1") for c, p, r, o in drawn] == seen


def test_customers_with_their_account_taken_away_stand_for_those_that_have_none():
    known = pl.DataFrame({"customer_id": ["c"], "account_id": ["a1"]})
    customers = pl.DataFrame({"customer_id": ["c", "d", "e", "f"]})
    found = ev.labelled_links(scored("c a1 .9; c a2 .05; d a3 .9; e a4 .6"), known, customers)
    taken = found.filter(~pl.col("is_observed"))
    assert taken["weight"].item() == pytest.approx((3 - 1.5) / 1.5), "of three others the model expects 1.5 to have one"


# -- recalibration ---------------------------------------------------------------------------------------------------


def labelled(size, distort, seed=1):
    """Labels whose probabilities are ``distort`` of how often they are right."""
    draw = np.random.default_rng(seed)
    true = draw.beta(3, 0.6, size)
    return pl.DataFrame({
        "customer_id": [f"c{number:05}" for number in range(size)],
        "link_probability": distort(true), "is_right": draw.random(size) < true,
        "weight": 1.0, "is_observed": True,
    })  # fmt: skip


def error(labels):
    return ev.calibration_of(labels).filter(measure="calibration_error")["value"].item()


def test_a_calibrator_that_is_too_sure_is_put_right_on_labels_it_has_not_seen():
    labels = labelled(600, lambda true: true**0.3)
    assert error(labels) > 0.08
    assert error(ev.held_back(labels)) < 0.04


def test_a_calibrator_that_is_right_is_left_nearly_as_it_is():
    knots = ev.fit_calibrator(labelled(5_000, lambda true: true))
    moved = (knots["calibrated"] - knots["link_probability"]).abs().max()
    assert moved < 0.03


def test_a_calibrator_rises_and_says_neither_never_nor_always():
    for right in (True, False):
        labels = labelled(400, lambda true: true).with_columns(is_right=pl.lit(right))
        calibrated = ev.fit_calibrator(labels)["calibrated"]
        assert calibrated.is_sorted()
        assert 0 < calibrated.min() <= calibrated.max() < 1
    assert ev.recalibrated(pl.Series([0.2, 0.7]), ev.fit_calibrator(labels).clear()).to_list() == [0.2, 0.7]


def test_a_calibrator_is_the_same_whatever_the_order_of_its_labels():
    labels = labelled(500, lambda true: true**0.5)
    assert ev.fit_calibrator(labels.sort("customer_id", descending=True)).equals(ev.fit_calibrator(labels))


# -- the audit -------------------------------------------------------------------------------------------------------


def company(size, probability=0.97, right=lambda number: number % 50 != 0):
    """Customers with ids, each with one candidate that is right or not: who is known, candidates, links."""
    rows = [(f"c{number:04}", f"a{number:04}" if right(number) else f"b{number:04}") for number in range(size)]
    known = pl.DataFrame(
        {"customer_id": [c for c, _ in rows], "account_id": [f"a{number:04}" for number in range(size)]}
    )
    candidates = table(
        "candidates", [{"customer_id": c, "account_id": a, "link_probability": probability} for c, a in rows]
    )
    links = table(
        "links",
        [
            {"customer_id": c, "account_id": a, "status": "linked", "method": "model", "link_probability": probability}
            for c, a in rows
        ],
    )
    return known, candidates, links


def audited(size, **how):
    known, candidates, links = company(size, **how)
    audit = ev.audit_of(ev.outcomes(known, links, candidates), ev.labelled_links(candidates, known, known))
    for name, frame in (
        ("link_audit", audit.measures),
        ("link_reliability", audit.reliability),
        ("calibrator_proposal", audit.proposal),
    ):
        TABLES[name].conform(frame)
    return audit


@pytest.mark.parametrize(("size", "proposes"), [(299, False), (300, True)])
def test_a_calibrator_is_proposed_from_300_labels(size, proposes):
    audit = audited(size)
    assert audit.labels == size
    assert (audit.proposal.height > 0) is proposes
    told = " ".join(audit.told)
    assert ("Not calibrated on your data" in told) is not proposes
    assert ("unless a person adopts it" in told) is proposes
    assert "easier ones" in told


def test_the_audit_measures_what_an_id_would_have_hidden():
    audit = audited(100)
    precision = audit.measures.filter(measure="linked_precision").row(0, named=True)
    assert (precision["count"], precision["of"]) == (98, 100)
    assert audit.reliability.filter(pl.col("links") > 0)["observed"].to_list() == [0.98]


def test_without_labels_the_audit_says_so_and_computes_nothing():
    nothing = {name: table(name, []) for name in ("accounts", "customers", "account_keys", "customer_keys")}
    audit = ev.self_audit(claims=claims(""), policy=Policy(), **nothing)
    assert (audit.labels, audit.measures.height, audit.reliability.height) == (0, 0, 0)
    assert "Not calibrated on your data" in audit.told[0]


# -- the labelling sheet ---------------------------------------------------------------------------------------------


def sheet(drawn_rows, *, money=None, **how):
    """A sheet of customers drawn as ``customer account probability comparison [method]``."""
    drawn = [[*line.split(), "model"][:5] for line in drawn_rows.strip().splitlines()]
    money = money or {}
    names = {c for c, *_ in drawn}
    chosen = ev.labelling_sheet(
        table("candidates", [{"customer_id": c, "account_id": a, "link_probability": float(p), f"weight_{e}": 5.0} for c, a, p, e, _ in drawn]),
        table("links", [{"customer_id": c, "method": next(m for k, *_, m in drawn if k == c)} for c in sorted(names)]),
        accounts=table("accounts", [{"account_id": a, "name": a.upper()} for a in sorted({a for _, a, *_ in drawn})]),
        customers=table("customers", [{"customer_id": c, "name": c.upper()} for c in sorted(names)]),
        subscriptions=table("subscriptions", [{"subscription_id": c, "customer_id": c, "mrr_reporting_minor": value} for c, value in money.items()]),
        **how,
    )  # fmt: skip
    return TABLES["labelling_sheet"].conform(chosen)


def test_a_sheet_asks_what_is_least_sure_first():
    chosen = sheet("c1 a1 .97 name\nc2 a2 .55 name\nc3 a3 .70 name\nc4 a4 .50 name")
    assert chosen["customer_id"].to_list()[0] == "c4"
    assert set(chosen["customer_id"]) == {"c1", "c2", "c3", "c4"}


def test_a_sheet_asks_where_money_is_at_stake():
    chosen = sheet("c1 a1 .60 name\nc2 a2 .60 name\nc3 a3 .60 name", money={"c2": 9_000_00, "c3": 100_00})
    assert chosen.select("customer_id", "mrr_minor").rows() == [("c2", 9_000_00), ("c3", 100_00), ("c1", 0)]


def test_kinds_of_evidence_take_turns():
    rows = "\n".join(f"n{number} a{number} .5 name" for number in range(5)) + "\nd1 b1 .6 web\ne1 b2 .7 place"
    assert set(sheet(rows, rows=3)["customer_id"]) == {"n0", "d1", "e1"}


def test_a_sheet_asks_nothing_that_is_known_and_no_account_twice():
    chosen = sheet("c1 a1 .5 name id\nc2 a2 .5 name decision\nc3 a3 .5 name\nc4 a3 .6 name")
    assert chosen["customer_id"].to_list() == ["c3"]


def test_a_sheet_names_the_rival():
    chosen = sheet("c1 a1 .5 name\nc1 a2 .4 name").row(0, named=True)
    assert (chosen["account_id"], chosen["account_name"], chosen["runner_up_account_id"]) == ("a1", "A1", "a2")
    assert "Two accounts" in chosen["why"]


# -- retraining ------------------------------------------------------------------------------------------------------

WORDS = ["north", "blue", "iron", "quick", "silver", "river", "stone", "maple", "delta", "harbour", "pixel", "orchid",
         "comet", "velvet", "cedar", "falcon", "lumen", "quartz", "tundra", "willow"]  # fmt: skip


def drawn_company(size):
    """Customers that share a name with their account, two in three a domain as well; every tenth writes from elsewhere."""
    names = [f"{WORDS[n % 20]} {WORDS[(n // 20) % 20]} {WORDS[(n * 7) % 20]}{n}" for n in range(size)]
    shared = [
        {"name_full": name, "name_core": name, "name_tokens": name.split(), "name_cores": [name], "country": "GB"}
        for name in names
    ]
    web = [
        {
            "emails": [f"ap@{n}.com"],
            "email": f"ap@{n}.com",
            "email_domain": f"{n}.com",
            "domains": [f"{n}.com"],
            "domain_root": str(n),
        }
        if n % 3
        else {}
        for n in range(size)
    ]
    theirs = [{} if n % 10 == 0 else one for n, one in enumerate(web)]
    return ev.Company(
        accounts=table("accounts", [{"account_id": f"a{n:04}", "name": name, "survivor_id": f"a{n:04}"} for n, name in enumerate(names)]),
        customers=table("customers", [{"customer_id": f"c{n:04}", "name": name} for n, name in enumerate(names)]),
        account_keys=table("account_keys", [{"account_id": f"a{n:04}", **one, **web[n]} for n, one in enumerate(shared)]),
        customer_keys=table("customer_keys", [{"customer_id": f"c{n:04}", **one, **theirs[n]} for n, one in enumerate(shared)]),
    )  # fmt: skip


def known_of(size):
    return pl.DataFrame(
        {"customer_id": [f"c{n:04}" for n in range(size)], "account_id": [f"a{n:04}" for n in range(size)]}
    )


@pytest.fixture(scope="module")
def retrained():
    return ev.retrain(drawn_company(400), known_of(330), policy=Policy())


def test_a_candidate_is_refitted_and_compared_on_customers_held_back(retrained):
    assert retrained.labels == 330
    assert {"linked_precision", "linked_recall", "calibration_error", "log_loss"} <= set(retrained.compared["measure"])
    assert retrained.compared.null_count().row(0)[0] == 0
    assert "m and the calibrator" in retrained.told[0]
    assert "110 customers" in retrained.told[0]
    assert "a person may adopt it" in retrained.told[1] or "keep the model in use" in retrained.told[1]


def test_only_m_and_the_calibrator_change_and_floors_hold(retrained):
    before, after = shipped_model(), retrained.model
    assert after.second_stage == before.second_stage
    assert after.parameters != before.parameters
    for comparison in COMPARISONS:
        for level in comparison.levels:
            if not level.is_null:
                old, new = (model.parameters[comparison.name][level.name] for model in (before, after))
                assert new["u"] == old["u"]
                assert new["m"] >= min(level.least_m, old["m"])
    strongest = next(level.name for level in NAME.levels if not level.is_null)
    old, new = (model.parameters["name"][strongest]["m"] for model in (before, after))
    assert new > old, "all names here agree in full, and nobody shares one"
    shares, chances = zip(*after.calibrator.knots, strict=True)
    assert list(shares) == sorted(set(shares))
    assert list(chances) == sorted(chances)


def test_a_candidate_lies_beside_the_close_with_its_record(retrained, tmp_path):
    files = ev.write_candidate(retrained, tmp_path / "candidate", as_of=AS_OF)
    assert files == ["calibrator.json", "model.json", "second_stage.txt", "training.json"]
    record = json.loads((tmp_path / "candidate" / "training.json").read_text(encoding="utf-8"))
    assert record["known_links"] == 330
    assert record["as_of"] == "2026-10-31"
    assert "until a person adopts it" in record["status"]


def test_too_few_known_links_refit_nothing(tmp_path):
    nothing = ev.retrain(drawn_company(4), known_of(99), policy=Policy())
    assert nothing.model is shipped_model()
    assert "Nothing is refitted: 99" in nothing.told[0]
    assert ev.write_candidate(nothing, tmp_path / "candidate", as_of=AS_OF) == []
    assert not (tmp_path / "candidate").exists()


def test_the_model_alone_is_asked_whatever_ids_say():
    company = drawn_company(30)
    candidates, links = ev.linked_as_if_without_ids(
        company.accounts, company.customers, company.account_keys, company.customer_keys, policy=Policy()
    )
    assert set(links["method"]) <= {"model", "none"}
    assert set(candidates["customer_id"]) <= set(company.customers["customer_id"])


def test_the_reliability_chart_says_what_it_draws():
    known, candidates, links = company(100)
    rows = ev.reliability(ev.outcomes(known, links, candidates))
    chart = charts.reliability(rows, title="Reliability")
    assert "100 links in 1 bin." in chart.description
    assert "given 0.97 on average, of which 0.98 are right" in chart.description
    assert charts.svg(chart).startswith("<svg")
    assert "No links" in charts.reliability(rows.clear(), title="Reliability").description
