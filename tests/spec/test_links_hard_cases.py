"""Who is who where it is hard: each world holds a trap, and the wrong merges are counted."""

import polars as pl
import pytest

from recon_kit.normalise.keys import account_keys, customer_keys
from recon_kit.policy import Policy
from recon_kit.resolve import choose_links, explicit_claims, propose_candidates
from recon_kit.resolve.model import score_pairs, shipped_model
from recon_kit.resolve.model.second_stage import link_probabilities
from tests.hand_made import table

WORDS = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Iroko", "Juniper", "Kapok", "Larch")
TRADES = ("Pumps", "Bakery", "Optics", "Freight", "Textiles", "Robotics", "Dental", "Catering", "Printing", "Cranes")
NAMES = [f"{word} {trade}" for word in WORDS for trade in TRADES]


def slug(name):
    return "".join(letter for letter in name.lower() if letter.isalnum())


def linked(accounts, customers, policy=None):
    """Links by the model alone: customer -> (status, account)."""
    named = [{"survivor_id": one["account_id"], **one} for one in accounts]
    frames = {
        "accounts": table("accounts", named),
        "customers": table("customers", customers),
        "contracts": table("contracts", []),
        "subscriptions": table("subscriptions", []),
    }
    keys = account_keys(frames["accounts"]), customer_keys(frames["customers"])
    candidates = propose_candidates(*keys, explicit_claims(**frames))
    sums = candidates.group_by("customer_id").agg(pl.col("link_probability").sum())
    assert (sums["link_probability"] <= 1 + 1e-9).all()
    links = choose_links(candidates, frames["customers"], frames["accounts"], policy=policy or Policy())
    return {row["customer_id"]: (row["status"], row["account_id"]) for row in links.iter_rows(named=True)}


def wrong_merges(links, truth):
    """Customers that are linked to an account that is not theirs."""
    return [
        customer for customer, (status, account) in links.items() if status == "linked" and truth[customer] != account
    ]


def found(links, truth):
    """Share of the customers that have an account which are linked to it."""
    own = [customer for customer, account in truth.items() if account is not None]
    return sum(links[customer] == ("linked", truth[customer]) for customer in own) / len(own)


def companies(names=NAMES, country="GB"):
    return [
        {
            "account_id": f"a{number:03d}",
            "name": f"{name} Ltd",
            "website": f"https://www.{slug(name)}.com",
            "country": country,
            "city": "Leeds",
        }
        for number, name in enumerate(names)
    ]


def among_companies(*own):
    """Accounts of a test's own (id, name, web site, country, city), among a hundred others."""
    columns = ("account_id", "name", "website", "country", "city")
    return [*companies()[20:], *(dict(zip(columns, one, strict=True)) for one in own)]


def test_free_mail_senders_are_not_one_company():
    accounts = companies()
    accounts[0]["billing_email"] = "jo.smith@gmail.com"
    accounts[1]["website"] = "https://www.gmail.com"
    customers = [
        {
            "customer_id": f"c{number}",
            "name": name,
            "email": f"person{number}@gmail.com",
            "country": "GB",
            "city": "Leeds",
        }
        for number, name in enumerate(NAMES[:30])
    ]
    strangers = [
        {"customer_id": f"s{number}", "name": None, "email": f"stranger{number}@gmail.com"} for number in range(30)
    ]
    links = linked(accounts, customers + strangers)
    truth = {f"c{number}": f"a{number:03d}" for number in range(30)} | {f"s{number}": None for number in range(30)}
    assert wrong_merges(links, truth) == []
    assert found(links, truth) >= 0.9, "their names are enough"
    assert all(links[f"s{number}"][0] == "unlinked" for number in range(30))


def test_an_agency_that_pays_for_many_takes_none_of_them():
    accounts = companies()
    agency = {"account_id": "agency", "name": "Brightly Payroll Ltd", "website": "brightlypayroll.com", "country": "GB"}
    customers = [
        {
            "customer_id": f"c{number}",
            "name": name,
            "email": f"client{number}@brightlypayroll.com",
            "country": "GB",
            "city": "Leeds",
        }
        for number, name in enumerate(NAMES[:40])
    ]
    links = linked([*accounts, agency], customers)
    truth = {f"c{number}": f"a{number:03d}" for number in range(40)}
    assert wrong_merges(links, truth) == []
    assert all(account != "agency" for status, account in links.values() if status == "linked")


def test_a_group_that_shares_one_domain_stays_apart():
    units = ("France", "Iberia", "Nordics", "Logistics", "Retail", "Finance")
    countries = ("FR", "ES", "SE", "DE", "DE", "DE")
    group = [
        {"account_id": f"g{number}", "name": f"Kapok {unit}", "website": "kapok.com", "country": country}
        for number, (unit, country) in enumerate(zip(units, countries, strict=True))
    ]
    named = [
        {"customer_id": f"c{number}", "name": f"Kapok {unit}", "email": f"ap{number}@kapok.com", "country": country}
        for number, (unit, country) in enumerate(zip(units, countries, strict=True))
    ]
    bare = [{"customer_id": "bare", "name": "Kapok", "email": "billing@kapok.com"}]
    links = linked(companies()[20:] + group, named + bare)
    truth = {f"c{number}": f"g{number}" for number in range(6)} | {"bare": None}
    assert wrong_merges(links, truth) == []
    assert found(links, truth) == 1
    assert links["bare"][0] != "linked", "six accounts share its domain: a person must choose"


def test_a_parent_and_its_subsidiary_are_two_accounts():
    accounts = among_companies(
        ("parent", "Quillon Holding AG", "quillon.de", "DE", "Bremen"),
        ("child", "Quillon Optics GmbH", "quillon.de", "DE", "Jena"),
    )
    customers = [
        {"customer_id": "p", "name": "Quillon Holding", "email": "ap@quillon.de", "country": "DE", "city": "Bremen"},
        {"customer_id": "c", "name": "Quillon Optics", "email": "ap2@quillon.de", "country": "DE", "city": "Jena"},
    ]
    assert linked(accounts, customers) == {"p": ("linked", "parent"), "c": ("linked", "child")}


def test_one_name_in_two_countries_is_two_companies():
    accounts = among_companies(
        ("gb", "Delta Pumps Ltd", "deltapumps.co.uk", "GB", "Leeds"),
        ("us", "Delta Pumps Inc.", "deltapumps.com", "US", "Austin"),
    )
    customers = [
        {"customer_id": "gb1", "name": "Delta Pumps", "email": "jo@gmail.com", "country": "GB", "city": "Leeds"},
        {"customer_id": "us1", "name": "Delta Pumps", "email": "ann@gmail.com", "country": "US", "city": "Austin"},
        {"customer_id": "de1", "name": "Delta Pumps", "email": "eva@gmx.de", "country": "DE", "city": "Bonn"},
    ]
    links = linked(accounts, customers)
    truth = {"gb1": "gb", "us1": "us", "de1": None}
    assert wrong_merges(links, truth) == []
    assert all(links[one][1] in (truth[one], None) for one in ("gb1", "us1")), "the likelier is its own country's"
    assert links["de1"][0] != "linked"


@pytest.mark.parametrize(
    ("there", "here"),
    [
        ("株式会社東京精密", "東京精密"),
        ("ООО Ромашка", "Ромашка"),  # noqa: RUF001
        ("Ρόδος Ναυτιλιακή Α.Ε.", "Ρόδος Ναυτιλιακή"),  # noqa: RUF001
        ("Björn Åkesson Bygg AB", "Bjorn Akesson Bygg"),
        ("Société Générale d'Étanchéité SARL", "SOCIETE GENERALE D'ETANCHEITE"),
        ("삼진전자 주식회사", "삼진전자"),
    ],
)
def test_names_in_other_scripts_and_accents_meet(there, here):
    accounts = [*companies(), {"account_id": "x", "name": there, "country": "JP", "city": "Tokyo"}]
    links = linked(accounts, [{"customer_id": "c", "name": here, "country": "JP", "city": "Tokyo"}])
    assert links["c"][1] == "x"


def test_a_persons_name_is_no_company():
    accounts = [
        *companies(),
        {"account_id": "x", "name": "Peter Parker Consulting", "website": "parker.com", "country": "GB"},
    ]
    customers = [
        {"customer_id": "c0", "name": "Peter Miller", "email": "pm@gmail.com", "country": "GB"},
        {"customer_id": "c1", "name": "Anna Parker", "email": "anna@alderpumps.com", "country": "GB"},
    ]
    links = linked(accounts, customers)
    assert wrong_merges(links, {"c0": None, "c1": "a000"}) == []
    assert links["c1"][1] == "a000", "the domain tells where she works"


def test_empty_names_meet_nobody():
    accounts = [
        *companies()[:20],
        *({"account_id": f"e{number}", "name": name} for number, name in enumerate(("", " ", "-", "Ltd"))),
    ]
    customers = [
        {"customer_id": f"c{number}", "name": name} for number, name in enumerate((None, "", "  ", "...", "GmbH"))
    ]
    links = linked(accounts, customers)
    assert {status for status, _ in links.values()} == {"unlinked"}


def test_thousands_of_customers_behind_one_domain():
    accounts = companies()
    accounts[5]["website"] = "https://marketplace-mail.com"
    customers = [
        {
            "customer_id": f"c{number:04d}",
            "name": f"Shop {number:04d} {WORDS[number % 12]}",
            "email": f"shop{number}@marketplace-mail.com",
        }
        for number in range(3_000)
    ]
    links = linked(accounts, customers)
    wrong = wrong_merges(links, {f"c{number:04d}": None for number in range(3_000)})
    assert len(wrong) <= 30, "a relay's domain is evidence of nothing: at most one in a hundred is merged"


def test_a_moved_office_is_no_veto():
    accounts = companies()
    customers = [
        {"customer_id": f"c{number}", "name": name, "email": f"ap@{slug(name)}.com", "country": "GB", "city": "Bristol"}
        for number, name in enumerate(NAMES[:40])
    ]
    truth = {f"c{number}": f"a{number:03d}" for number in range(40)}
    links = linked(accounts, customers)
    assert wrong_merges(links, truth) == []
    assert found(links, truth) == 1


def test_customers_of_strangers_stay_alone():
    outside = [
        f"{word} {trade}" for word in ("Moringa", "Neem", "Olive", "Poplar") for trade in ("Vans", "Tents", "Maps")
    ]
    customers = [
        {"customer_id": f"c{number}", "name": name, "email": f"ap@{slug(name)}.com", "country": "GB", "city": "Leeds"}
        for number, name in enumerate(outside)
    ]
    links = linked(companies(), customers)
    assert {status for status, _ in links.values()} == {"unlinked"}


def payers(number, how):
    """Customers of each of the first companies, who differ as ``how`` says."""
    mailbox = {"one mailbox": "ap@{slug}.com", "mailboxes": "ap{place}@{slug}.com"}
    names = ("{name}", "{name} Ltd", "{joined}", "THE {name}", "{name}s")
    made = []
    for owner, name in enumerate(NAMES[:30]):
        told = {"slug": slug(name), "joined": name.replace(" ", "")}
        for place in range(number):
            spelt = names[place].format(name=name, **told) if how == "spellings" else name
            address = mailbox.get(how, mailbox["mailboxes"]).format(place=place, **told)
            made.append(({"customer_id": f"c{owner:02d}{place}", "name": spelt, "email": address}, f"a{owner:03d}"))
    return [one for one, _ in made], {one["customer_id"]: account for one, account in made}


def without_place(accounts):
    return [{name: value for name, value in one.items() if name not in ("country", "city")} for one in accounts]


@pytest.mark.parametrize("number", [1, 2, 3, 5])
@pytest.mark.parametrize("how", ["one mailbox", "mailboxes", "spellings"])
@pytest.mark.parametrize("placed", [True, False], ids=["with-places", "without-places"])
def test_several_customers_of_one_account(number, how, placed):
    customers, truth = payers(number, how)
    accounts = companies() if placed else without_place(companies())
    links = linked(accounts, customers)
    assert wrong_merges(links, truth) == []
    assert found(links, truth) == 1


def probabilities(accounts, customers):
    ours = account_keys(table("accounts", [{"survivor_id": one["account_id"], **one} for one in accounts]))
    pairs = score_pairs(ours, customer_keys(table("customers", customers)), floor=-5.0)
    shared = pairs.rename({"customer_id": "customer"})
    return pairs.with_columns(link_probabilities(shared, shipped_model().calibrator))


@pytest.mark.parametrize("number", [2, 5])
@pytest.mark.parametrize("mail", ["ap@{}.com", "{}@gmail.com", None], ids=["its-domain", "free-mail", "no-address"])
def test_a_customer_is_as_likely_alone_as_with_its_doubles(number, mail):
    alone = [
        {"customer_id": f"c{owner:02d}0", "name": name, "email": mail and mail.format(slug(name))}
        for owner, name in enumerate(NAMES[:30])
    ]
    doubled = [{**one, "customer_id": f"{one['customer_id'][:3]}{place}"} for one in alone for place in range(number)]
    accounts = without_place(companies())
    single = probabilities(accounts, alone)
    repeated = probabilities(accounts, doubled)
    assert repeated.filter(pl.col("customer_id").str.ends_with("0")).equals(single)
    assert repeated.height == number * single.height


def test_one_name_at_two_domains_is_two_parties():
    """What tells customers apart speaks against both: the account cannot be sure which of them is its own."""
    accounts = without_place(companies())
    for one in accounts:
        one["website"] = None
    name = NAMES[0]
    own = {"customer_id": "own", "name": name, "email": "ap@one.com"}
    other = {"customer_id": "other", "name": name, "email": "ap@two.org"}
    alone, contested = probabilities(accounts, [own]), probabilities(accounts, [own, other])
    chance = [
        found.filter(customer_id="own", account_id="a000")["link_probability"].item() for found in (alone, contested)
    ]
    assert chance[1] < chance[0]


def test_where_names_are_written_alike_a_sister_is_not_the_company_that_is_absent():
    """Every other company's account is gone; a sister of it, its name and a word more, is there and another company."""
    sisters = [
        {"account_id": f"sister{n:03d}", "name": f"{name} {('Asia', 'Europe', 'Holding')[n % 3]} Ltd", "country": "GB"}
        for n, name in enumerate(NAMES)
    ]
    accounts = [{"account_id": one["account_id"], "name": one["name"], "country": "GB"} for one in companies()[::2]]
    customers = [{"customer_id": f"c{n:03d}", "name": f"{name} Ltd", "country": "GB"} for n, name in enumerate(NAMES)]
    links = linked([*accounts, *sisters], customers)
    truth = {f"c{n:03d}": None if n % 2 else f"a{n:03d}" for n in range(len(NAMES))}
    assert wrong_merges(links, truth) == []
    assert found(links, truth) > 0.9


def test_the_same_free_mail_address_speaks_under_another_name():
    accounts = [{**one, "billing_email": f"owner{n}@gmail.com"} if n < 20 else one for n, one in enumerate(companies())]
    customers = [
        {"customer_id": f"c{n}", "name": f"{word} Venture", "email": f"owner{n}@gmail.com", "country": "GB"}
        for n, word in enumerate(("Zephyr", "Quartz", "Umber", "Onyx", "Pewter"))
    ]
    links = linked(accounts, customers)
    truth = {f"c{n}": f"a{n:03d}" for n in range(5)}
    assert wrong_merges(links, truth) == []
    assert all(links[customer] in (("linked", own), ("review", own)) for customer, own in truth.items())
