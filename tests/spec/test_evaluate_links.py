"""Measuring links, drawn: what was linked, what is true, and every figure that follows, worked by hand."""

import math

import numpy as np
import polars as pl
import pytest

from recon_kit import resolve
from recon_kit.artifacts import CloseFolder
from recon_kit.commands.evaluate.folder import close_of
from recon_kit.normalise.keys import account_keys, customer_keys
from recon_kit.params import SAMPLE_FOLDER
from recon_kit.policy import Policy
from recon_kit.resolve import evaluation as ev
from recon_kit.resolve.evaluation.baselines import baseline_links, baseline_measures
from recon_kit.resolve.evaluation.name_search import is_exhaustive, most_alike
from tests.hand_made import table
from tests.whole_close import recon

PROBABILITIES = {"customer_id": pl.String, "account_id": pl.String, "link_probability": pl.Float64}

# customer | its account | candidates, likeliest first | status and method
COMPANY = """
right, linked        | a1 | a1 .97        | linked model
right, in review     | a2 | a2 .60 a9 .30 | review model
second in review     | a3 | a9 .45 a3 .40 | review model
wrong, linked        | a4 | a9 .96        | linked model
has none, linked     | -  | a5 .95        | linked model
has none, open       | -  | a6 .20        | unlinked none
lost, a candidate    | a7 | a7 .10        | unlinked none
lost, no candidate   | a8 |               | unlinked none
by id                | b1 | b1 1.0        | linked id
"""

# worked from the nine rows above
WORKED = {
    "linked_precision": (2, 4),
    "linked_recall": (2, 7),
    "best_precision": (3, 5),
    "best_recall": (3, 7),
    "review_share": (2, 9),
    "true_links_in_review": (2, 7),
    "true_links_lost": (3, 7),
    "blocking_recall": (5, 7),
}


def company(text=COMPANY):
    """Truth, links and candidates of a drawn company."""
    truth, links, pairs = [], [], []
    for line in text.strip().splitlines():
        name, account, listed, state = (part.strip() for part in line.split("|"))
        words = listed.split()
        own = [
            {"customer_id": name, "account_id": a, "link_probability": float(p)}
            for a, p in zip(words[::2], words[1::2], strict=True)
        ]
        truth.append({"customer_id": name, "account_id": None if account == "-" else account})
        status, method = state.split()
        shown = own if status != "unlinked" else []
        links.append({
            "customer_id": name, "status": status, "method": method,
            "account_id": shown[0]["account_id"] if shown else None,
            "runner_up_account_id": shown[1]["account_id"] if len(shown) > 1 else None,
        })  # fmt: skip
        pairs += own
    schema = {"customer_id": pl.String, "account_id": pl.String}
    return pl.DataFrame(truth, schema=schema), table("links", links), pl.DataFrame(pairs, schema=PROBABILITIES)


def figures(rows):
    return {row["measure"]: row for row in rows.iter_rows(named=True)}


def judged(text):
    """Outcomes of customers drawn as ``probability right|wrong``, one a word pair, all with an account."""
    words = text.split()
    drawn = "\n".join(
        f"c{number:04} | {'a' if verdict == 'right' else 'b'} | a {probability} | unlinked none"
        for number, (probability, verdict) in enumerate(zip(words[::2], words[1::2], strict=True))
    )
    return ev.outcomes(*company(drawn))


def test_every_share_is_the_one_worked_by_hand():
    found = figures(ev.measures(ev.outcomes(*company())))
    for name, (count, of) in WORKED.items():
        assert (found[name]["count"], found[name]["of"]) == (count, of), name
        assert found[name]["value"] == pytest.approx(count / of), name
        assert found[name]["low"] <= found[name]["value"] <= found[name]["high"]
    assert found["linked_f1"]["value"] == pytest.approx(2 * 2 / (4 + 7))
    assert found["best_f1"]["value"] == pytest.approx(2 * 3 / (5 + 7))
    assert "lost_of_those_with_evidence" not in found, "without keys nobody can tell"


def test_an_id_says_nothing_of_the_models_calibration():
    found = figures(ev.measures(ev.outcomes(*company())))
    assert found["calibration_error"]["of"] == 7, "of nine, one is linked by id and one has no candidate"


def test_true_links_are_linked_in_review_or_lost():
    outcomes = ev.outcomes(*company())
    parts = sum(outcomes[name].sum() for name in ("is_linked_right", "is_true_in_review", "is_lost"))
    assert outcomes["is_true"].sum() == parts
    assert outcomes.height == 9


CALIBRATION = """
one sure and right                  | 1.0 right                              | 0      | -      | 0
one sure and wrong                  | 1.0 wrong                              | 1      | -      | 13.815511
as often as said                    | .5 right .5 wrong                      | 0      | 0      | .693147
too sure                            | .9 right .9 wrong                      | .4     | -      | 1.203973
one bin makes up for no other       | .25 right .75 wrong                    | .75    | .75    | 1.386294
within a bin they do make up        | .41 right .49 wrong                    | .05    | .05    | .782471
the middle leaves out .1 and .95    | .1 right .95 wrong .5 right .5 wrong    | .4625  | 0      | 1.671152
.2 is in the middle, .9 is not      | .2 wrong .9 right                      | .15    | .2     | .164252
"""


@pytest.mark.parametrize("line", CALIBRATION.strip().splitlines(), ids=lambda line: line.split("|")[0].strip())
def test_calibration_worked_by_hand(line):
    _, links, error, middle, loss = (part.strip() for part in line.split("|"))
    found = figures(ev.measures(judged(links)))
    assert found["calibration_error"]["value"] == pytest.approx(float(error))
    assert found["calibration_error_middle"]["value"] == (None if middle == "-" else pytest.approx(float(middle)))
    assert found["log_loss"]["value"] == pytest.approx(float(loss), abs=1e-6)


def test_the_reliability_table_is_the_one_worked_by_hand():
    rows = ev.reliability(judged(".05 wrong .05 wrong .62 right .68 right .64 wrong 1.0 right .90 right"))
    shown = rows.select("from_probability", "links", "mean_probability", "observed").filter(pl.col("links") > 0).rows()
    assert shown == [
        (0.0, 2, pytest.approx(0.05), 0.0),
        (0.6, 3, pytest.approx(1.94 / 3), pytest.approx(2 / 3)),
        (0.9, 2, pytest.approx(0.95), 1.0),
    ]
    assert rows["links"].sum() == 7
    assert rows.filter(links=0).select("mean_probability", "observed", "low").null_count().row(0) == (7, 7, 7)


@pytest.mark.parametrize(("clean", "low"), [(10, 0.691503), (100, 0.963783), (1000, 0.996318)])
def test_a_clean_record_is_bounded_by_how_long_it_is(clean, low):
    found = figures(
        ev.measures(ev.outcomes(*company("\n".join(f"c{n} | a | a .99 | linked model" for n in range(clean)))))
    )
    row = found["linked_precision"]
    assert (row["value"], row["high"]) == (1.0, 1.0)
    assert row["low"] == pytest.approx(low, abs=1e-6), "resampling what never happened would say 1.0"


def test_an_interval_covers_the_truth_about_as_often_as_it_says():
    draw, share, covered = np.random.default_rng(3), 0.9, 0
    for _ in range(60):
        right = draw.random(200) < share
        row = figures(ev.measures(judged(" ".join(f".9 {'right' if one else 'wrong'}" for one in right))))[
            "best_precision"
        ]
        covered += row["low"] <= share <= row["high"]
    assert 51 <= covered <= 60


def test_slices_add_up_and_are_measured_each_by_itself():
    truth, links, candidates = company()
    outcomes = ev.outcomes(truth, links, candidates)
    sizes = truth.select(
        "customer_id",
        slice=pl.lit("size"),
        value=pl.when(pl.col("customer_id") < "o").then(pl.lit("a to n")).otherwise(pl.lit("o to z")),
    )
    rows = ev.measures_by_slice(outcomes, sizes)
    whole = figures(ev.measures(outcomes))
    for name in ("linked_precision", "linked_recall", "blocking_recall", "review_share"):
        parts = rows.filter(measure=name)
        assert parts["count"].sum() == whole[name]["count"]
        assert parts["of"].sum() == whole[name]["of"]
    assert rows["customers"].unique().sort().to_list() == [5, 4][::-1]


# -- the truth file ------------------------------------------------------------------------------------------------

ACCOUNTS = [
    {"account_id": "001A0000006Vm9rIAC", "name": "Long", "survivor_id": "001A0000006Vm9rIAC"},
    {"account_id": "a2", "name": "Two", "survivor_id": "a2"},
    {"account_id": "old", "name": "Old", "is_deleted": True, "survivor_id": "a2"},
    {"account_id": "gone", "name": "Gone", "is_deleted": True},
]


def truth_of(tmp_path, content, *, customers=("c1", "c2", "c3"), **how):
    path = tmp_path / "truth.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    known = table("customers", [{"customer_id": one} for one in customers])
    return ev.truth_of_close(ev.read_truth(path), table("accounts", ACCOUNTS), known, **how)


FAULTY = [
    (
        "no account column",
        "customer_id,account\nc1,a2\n",
        ["truth.csv", "line 1", "account_id", "customer_id, account"],
    ),
    ("neither column", "id;name\n1;x\n", ["no column customer_id and no column account_id"]),
    ("nothing at all", "", ["line 1", "customer_id"]),
    ("a header only", "customer_id,account_id\n", ["names no customer"]),
    (
        "a customer missing",
        "customer_id,account_id\nc1,a2\n ,a2\n",
        ["line 3", "customer_id ''", "No customer is named"],
    ),
    (
        "two accounts for one",
        "customer_id,account_id\nc1,a2\nc2,a2\nc1,a9\n",
        ["line 4", "account_id 'a9'", "a2 by line 2"],
    ),
    (
        "an account and none",
        "customer_id,account_id\nc1,\nc1,a9\n",
        ["line 3", "account_id 'a9'", "no account by line 2"],
    ),
    ("none after an account", "customer_id,account_id\nc1,a9\nc1,\n", ["line 3", "account_id ''", "a9 by line 2"]),
    ("a field too many", "customer_id,account_id\nc1,a2,x\n", ["line 2", "3 fields"]),
    ("a column twice", "customer_id,account_id,customer_id\nc1,a2,c1\n", ["customer_id", "more than once"]),
    ("all faults at once", "customer_id,account_id\n,a2\nc1,a2\nc1,a3\n", ["2 faults", "line 2", "line 4"]),
]


@pytest.mark.parametrize(("content", "says"), [row[1:] for row in FAULTY], ids=[row[0] for row in FAULTY])
def test_a_faulty_truth_file_is_refused_by_line_field_and_value(tmp_path, content, says):
    with pytest.raises(ValueError, match=r"truth\.csv|truth file") as refused:
        truth_of(tmp_path, content)
    for words in says:
        assert words in str(refused.value)


ACCEPTED = [
    ("as it is", "customer_id,account_id\nc1,a2\nc2,\n", [("c1", "a2"), ("c2", None)]),
    ("a byte order mark, capitals, semicolons", "\ufeffCustomer_ID;ACCOUNT_ID\r\nc1;a2\r\n", [("c1", "a2")]),
    ("blanks around values", "customer_id,account_id\n c1 , a2 \n", [("c1", "a2")]),
    ("15 characters", "customer_id,account_id\nc1,001A0000006Vm9r\n", [("c1", "001A0000006Vm9rIAC")]),
    ("a merged account", "customer_id,account_id\nc1,old\n", [("c1", "a2")]),
    ("the same twice", "customer_id,account_id\nc1,a2\nc1,a2\n", [("c1", "a2")]),
    (
        "the same in 15 and 18 characters",
        "customer_id,account_id\nc1,001A0000006Vm9r\nc1,001A0000006Vm9rIAC\n",
        [("c1", "001A0000006Vm9rIAC")],
    ),
]


@pytest.mark.parametrize(("content", "pairs"), [row[1:] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED])
def test_an_accepted_truth_file(tmp_path, content, pairs):
    truth = truth_of(tmp_path, content)
    assert truth.pairs.select("customer_id", "account_id").rows() == pairs
    assert truth.left_out.is_empty()


def test_lines_about_other_records_are_left_out_and_said(tmp_path):
    truth = truth_of(tmp_path, "customer_id,account_id\nc1,a2\nnobody,a2\nc2,a77\nc3,gone\n")
    assert truth.pairs["customer_id"].to_list() == ["c1"]
    assert truth.left_out.select("line", "field", "value").rows() == [
        (3, "customer_id", "nobody"),
        (4, "account_id", "a77"),
        (5, "account_id", "gone"),
    ]


def test_a_truth_of_another_company_is_refused(tmp_path):
    with pytest.raises(ValueError, match="line 2, customer_id 'x1', account_id 'y1'"):
        truth_of(tmp_path, "customer_id,account_id\nx1,y1\nx2,\n")


def test_customers_not_in_the_file_are_unknown_unless_it_is_complete(tmp_path):
    content = "customer_id,account_id\nc1,a2\nc2,a77\n"
    assert truth_of(tmp_path, content).pairs.height == 1
    whole = truth_of(tmp_path, content, is_complete=True).pairs
    assert whole.select("customer_id", "account_id").rows() == [("c1", "a2"), ("c3", None)], "c2's account is not here"


def test_other_columns_are_slices_unless_they_hold_remarks(tmp_path):
    lines = "\n".join(f"c{number},a2,{'EU' if number % 2 else ''},remark {number}" for number in range(30))
    truth = truth_of(tmp_path, f"customer_id,account_id,region,note\n{lines}\n", customers=[f"c{n}" for n in range(30)])
    assert truth.remarks == ("note",)
    counted = truth.slices.group_by("slice", "value").len().sort("value").rows()
    assert counted == [("region", "(empty)", 15), ("region", "EU", 15)]


# -- baselines -----------------------------------------------------------------------------------------------------

# what | customer's keys | accounts' keys | e-mail, domain, name, domain then name, fuzzy name
BASELINES = """
the e-mail of one account       | email=x@acme.com                  | a1 email=x@acme.com; a2                             | a1 - - - -
an e-mail on two accounts       | email=x@acme.com                  | a1 email=x@acme.com; a2 email=x@acme.com            | - - - - -
the domain of one account       | domain=acme.com                   | a1 domain=acme.com; a2                              | - a1 - a1 -
a domain on two accounts        | domain=acme.com                   | a1 domain=acme.com; a2 domain=acme.com              | - - - - -
two domains of two accounts     | domain=acme.com domain=b.com      | a1 domain=acme.com; a2 domain=b.com                 | - - - - -
the domain before the name      | domain=acme.com name=beta         | a1 domain=acme.com; a2 name=beta                    | - a1 a2 a1 a2
the name where no domain is     | domain=none.com name=beta         | a1 domain=acme.com; a2 name=beta                    | - - a2 a2 a2
a name on two accounts          | name=beta                         | a1 name=beta; a2 name=beta                          | - - - - a1
the full name tells which       | name=beta full=beta_ltd           | a1 name=beta full=beta_ltd; a2 name=beta full=beta_inc | - - a1 a1 a1
words in another order          | name=north_star_systems           | a1 name=systems_north_star; a2 name=north           | - - - - a1
a slip of the pen               | name=hendersonn_logistics         | a1 name=henderson_logistics; a2 name=logistics      | - - - - a1
too far apart                   | name=alpha_systems                | a1 name=beta_systems                                | - - - - -
nothing to go by                |                                   | a1 name=beta domain=acme.com email=x@acme.com       | - - - - -
"""

METHODS = ("e-mail", "unique domain", "unique name", "domain, then name", "fuzzy name, 90 of 100 or more")


def keys(of, identity, words):
    given = [word.split("=", 1) for word in words.split()]
    name = next((value.replace("_", " ") for kind, value in given if kind == "name"), None)
    full = next((value.replace("_", " ") for kind, value in given if kind == "full"), name)
    return {
        f"{of}_id": identity, "name_core": name, "name_full": full, "name_tokens": name.split() if name else [],
        "emails": [value for kind, value in given if kind == "email"],
        "domains": [value for kind, value in given if kind == "domain"],
    }  # fmt: skip


def claims(*pairs, fault=None):
    schema = dict.fromkeys(("subject", "id", "points_to", "customer_id", "account_id", "fault"), pl.String)
    rows = [{"subject": "customer", "customer_id": c, "account_id": a, "fault": fault} for c, a in pairs]
    return pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)


@pytest.mark.parametrize("line", BASELINES.strip().splitlines(), ids=lambda line: line.split("|")[0].strip())
def test_a_baseline_links_what_one_account_only_carries(line):
    _, customer, accounts, expected = (part.strip() for part in line.split("|"))
    ours = table(
        "account_keys", [keys("account", *[*one.strip().split(" ", 1), ""][:2]) for one in accounts.split(";")]
    )
    found = baseline_links(ours, table("customer_keys", [keys("customer", "c", customer)]), claims())
    linked = dict(found.select("method", "account_id").rows())
    assert [linked.get(method, "-") for method in METHODS] == expected.split()


def test_the_baseline_of_exact_ids_takes_only_what_is_evidence():
    ours, theirs = (
        table("account_keys", [keys("account", "a1", "")]),
        table("customer_keys", [keys("customer", "c", "")]),
    )
    linked = [baseline_links(ours, theirs, given).filter(method="exact id")["account_id"].to_list()
              for given in (claims(("c", "a1")), claims(("c", "a1"), ("c", "a1")), claims(("c", "a1"), ("c", "a2")), claims(("c", "a1"), fault="dangling"))]  # fmt: skip
    assert linked == [["a1"], ["a1"], [], []]


def test_baselines_are_measured_by_the_same_rule():
    truth = pl.DataFrame({"customer_id": ["c1", "c2", "c3", "c4"], "account_id": ["a1", "a2", None, "a4"]})
    links = pl.DataFrame(
        {"method": ["e-mail"] * 3, "customer_id": ["c1", "c2", "c3"], "account_id": ["a1", "a9", "a3"]}
    )
    rows = baseline_measures(links, truth)
    values = {row["measure"]: row["value"] for row in rows.filter(method="e-mail").iter_rows(named=True)}
    assert values == {"precision": pytest.approx(1 / 3), "recall": pytest.approx(1 / 3), "f1": pytest.approx(2 / 6)}
    nothing = rows.filter(method="unique name")
    assert nothing["value"].to_list() == [None, 0.0, 0.0], "no link: no precision, and no recall"


def test_too_many_names_are_compared_only_where_they_begin_alike():
    names, known = pl.Series(["acme widgets", "star north", "beta"]), pl.Series(["acme widget", "north star", "gamma"])
    assert most_alike(names, known)["alike"].to_list() == ["acme widget", "north star"]
    assert most_alike(names, known, most=8)["alike"].to_list() == ["acme widget"]
    assert [is_exhaustive(names, known, most=most) for most in (8, 9)] == [False, True]


# -- evidence ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("customer", "account", "shares"),
    [
        ({"name_tokens": ["north", "star"]}, {"name_tokens": ["star"]}, True),
        ({"emails": ["a@b.com"]}, {"emails": ["a@b.com", "c@b.com"]}, True),
        ({"domains": ["b.com"]}, {"domains": ["b.com"]}, True),
        ({"phone": "+4930123456"}, {"phone": "+4930123456"}, True),
        ({"tax_id": "DE1"}, {"tax_id": "DE1"}, True),
        ({"postal_code": "10115"}, {"postal_code": "10115"}, True),
        ({"name_core": "i b m"}, {"domain_root": "ibm"}, True),
        ({"name_core": "ibm"}, {"acronym": "ibm"}, True),
        ({"city": "berlin", "country": "DE"}, {"city": "berlin", "country": "DE"}, False),
        ({}, {}, False),
    ],
)  # fmt: skip
def test_a_shared_key_is_evidence_and_a_shared_city_is_none(customer, account, shares):
    truth = pl.DataFrame({"customer_id": ["c"], "account_id": ["a"]})
    found = ev.shared_keys(
        truth,
        table("account_keys", [{"account_id": "a", **account}]),
        table("customer_keys", [{"customer_id": "c", **customer}]),
    )
    assert found["shares_key"].to_list() == [shares]


# -- cut-offs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drawn", "auto_link"),
    [
        (".97 right " * 98, None),
        (".97 right " * 99, 0.97),
        (".97 right " * 99 + ".91 wrong", 0.97),
        (".97 right " * 150 + ".91 wrong " + ".90 right " * 47, 0.97),
        (".97 right " * 150 + ".91 wrong " + ".90 right " * 48, 0.9),
        (".97 right " * 99 + ".60 right " * 10, 0.6),
    ],
    ids=["98 right are too few", "99 are enough", "one wrong below", "too few make up for it", "enough make up for it", "as far down as it holds"],
)  # fmt: skip
def test_a_cut_off_stands_one_wrong_link_more_than_was_seen(drawn, auto_link):
    chosen = ev.choose_cutoffs(judged(drawn), precision=0.99, margin=0.0)
    assert chosen.auto_link == auto_link
    assert chosen.table["is_chosen"].sum() == (auto_link is not None)


def test_a_cut_off_counts_only_links_that_lead_and_never_those_by_id():
    text = "\n".join(f"c{n} | a | a .97 b .02 | linked model" for n in range(99))
    close = text + "\nclose | b | a .97 b .90 | review model"
    by_id = text.replace("linked model", "linked id")
    chosen = [
        ev.choose_cutoffs(ev.outcomes(*company(one)), precision=0.99, margin=0.5).auto_link for one in (close, by_id)
    ]
    assert chosen == [0.97, None]


@pytest.mark.parametrize(
    ("low", "floor"), [(0, 0.5), (5, 0.5), (6, 0.1)], ids=["none low", "5 % low", "more than 5 % low"]
)
def test_the_floor_of_the_queue_loses_five_per_cent_at_most(low, floor):
    chosen = ev.choose_cutoffs(judged(".1 right " * low + ".97 right " * (100 - low)), precision=0.99, margin=0.0)
    assert chosen.review_floor == floor


# -- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    """A close as far as its links: 130 customers, of which 20 carry their account's id."""
    close = CloseFolder(tmp_path_factory.mktemp("closes") / "2026-10-31").create()
    close.write(close.inputs / "policy.yaml", Policy().to_yaml().encode())
    names = [f"Firm{number:03} {('North', 'Blue', 'Iron')[number % 3]} Works" for number in range(130)]
    accounts = table(
        "accounts",
        [{"account_id": f"a{n:03}", "name": name, "survivor_id": f"a{n:03}"} for n, name in enumerate(names)],
    )
    customers = table(
        "customers",
        [
            {"customer_id": f"c{n:03}", "name": name, "metadata_account_id": f"a{n:03}" if n < 20 else None}
            for n, name in enumerate(names)
        ],
    )
    both = {"account_keys": account_keys(accounts), "customer_keys": customer_keys(customers)}
    nothing = {name: table(name, []) for name in ("contracts", "subscriptions")}
    ids = resolve.explicit_claims(accounts, nothing["contracts"], customers, nothing["subscriptions"])
    candidates = resolve.propose_candidates(*both.values(), ids)
    links = resolve.choose_links(candidates, customers, accounts, policy=Policy())
    for name, frame in {
        "accounts": accounts,
        "customers": customers,
        **both,
        **nothing,
        "candidates": candidates,
        "links": links,
    }.items():
        close.write_table(name, frame)
    return close.path


@pytest.fixture(scope="module")
def labels(linked):
    """The truth of 125 of the customers: the last five of them have no account."""
    lines = [f"c{n:03},{f'a{n:03}' if n < 120 else ''},{'early' if n < 60 else 'late'}" for n in range(125)]
    path = linked.parent / "truth.csv"
    path.write_text("\n".join(["customer_id,account_id,age", *lines]), encoding="utf-8")
    return path


def evaluate(*arguments):
    return recon("evaluate", "links", *map(str, arguments))


def test_the_command_prints_measures_baselines_reliability_and_slices(linked, labels):
    result = evaluate(linked, "--truth", labels)
    assert result.returncode == 0, result.stderr
    for words in ("125 customers of the file are in it: 120 have an account, 5 none", "5 customers of the close are not in the file",
                  "20 are linked by an explicit id", "linked: precision", "of 120", "blocking recall", "calibration error", "log-loss",
                  "exact id", "fuzzy name", "0.9 to 1.0", "age = early", "age = late"):  # fmt: skip
        assert words in result.stdout, words


def test_without_ids_the_model_is_measured_on_them(linked, labels):
    told = evaluate(linked, "--truth", labels, "--without-ids").stdout
    assert "as if there were no ids and no decisions" in told
    assert "linked by an explicit id" not in told


def test_a_complete_file_judges_every_customer(linked, labels):
    told = evaluate(linked, "--truth", labels, "--complete").stdout
    assert "130 customers of the file are in it: 120 have an account, 10 none" in told
    assert "not judged" not in told


def test_cut_offs_are_proposed_and_nothing_is_changed(linked, labels):
    before = {file: file.read_bytes() for file in linked.rglob("*") if file.is_file()}
    told = evaluate(linked, "--truth", labels, "--choose-cutoffs", "--precision", "0.5").stdout
    assert "Cut-offs for a precision of 0.5" in told
    assert "auto_link:" in told
    assert "nothing was changed" in told
    assert {file: file.read_bytes() for file in linked.rglob("*") if file.is_file()} == before


def test_the_sample_close_is_evaluated_by_its_own_truth(sample_close):
    result = evaluate(sample_close, "--truth", SAMPLE_FOLDER / "truth" / "links.csv")
    assert result.returncode == 0, result.stderr
    assert "how = " in result.stdout


@pytest.mark.parametrize(
    ("content", "more", "says"),
    [
        ("customer_id\nc001\n", [], "no column account_id"),
        ("customer_id,account_id\nnobody,a001\n", [], "line 2, customer_id 'nobody'"),
        ("customer_id,account_id\nc001,a001\n", ["--choose-cutoffs", "--precision", "99"], "--precision 99"),
        (None, [], "There is no truth file"),
    ],
    ids=["a column missing", "another company", "a precision above 1", "no file"],
)
def test_what_cannot_be_evaluated_ends_with_1_and_says_why(linked, tmp_path, content, more, says):
    path = tmp_path / "truth.csv"
    if content:
        path.write_text(content, encoding="utf-8")
    result = evaluate(linked, "--truth", path, *more)
    assert result.returncode == 1
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_a_folder_that_is_no_close_is_refused(tmp_path, labels):
    result = evaluate(tmp_path, "--truth", labels)
    assert result.returncode == 1
    assert "no close folder" in result.stderr


def test_without_a_folder_the_newest_finished_close_is_meant(tmp_path):
    params = tmp_path / "params.yaml"
    params.write_text("as_of: 2026-12-31\ncloses_dir: closes\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no finished close in closes"):
        close_of(None, params)
    for name in ("2026-09-30", "2026-10-31", "2026-10-31.r2", "2026-10-31.r10"):
        (tmp_path / "closes" / name).mkdir(parents=True)
        (tmp_path / "closes" / name / "manifest.json").write_text("{}")
    (tmp_path / "closes" / "2026-11-30.partial").mkdir()
    assert close_of(None, params).name == "2026-10-31.r10"
    (tmp_path / "closes" / "2026-12-31").mkdir()
    (tmp_path / "closes" / "2026-12-31" / "manifest.json").write_text("{}")
    assert close_of(None, params).name == "2026-12-31"
    assert close_of(tmp_path, params) == tmp_path


def test_a_log_of_zero_is_never_taken():
    assert figures(ev.measures(judged("1.0 wrong")))["log_loss"]["value"] == pytest.approx(-math.log(1e-6))
