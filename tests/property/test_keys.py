"""What holds for keys of any text: folding twice changes nothing, spelling alone changes nothing, nothing is lost."""

import unicodedata

import polars as pl
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recon_kit.normalise.keys import account_keys, customer_keys
from recon_kit.normalise.keys.company_names import name_keys
from recon_kit.normalise.keys.domains import company_domains, host_of_website
from recon_kit.normalise.keys.emails import canonical_addresses
from recon_kit.normalise.keys.legal_forms import forms
from recon_kit.normalise.keys.phones import e164
from recon_kit.normalise.keys.places import country_codes, postal_codes
from recon_kit.normalise.keys.text_folding import fold
from tests.hand_made import table

TEXTS = st.text(max_size=40)
NAMES = st.lists(st.sampled_from(["Acme", "Müller", "日立", "O'Brien", "S.p.A.", "&", "the", "Ltd", "GmbH", "Co.", "(x)", "7"]), max_size=6).map(" ".join)  # fmt: skip
LOCAL = st.text("abzAZ09.!#$%&'*+/=?^_`{|}~-", max_size=12)
HOST = st.lists(st.text("abz09-_", max_size=6), min_size=1, max_size=4).map(".".join)


def series(*values):
    return pl.Series(values, dtype=pl.String)


@given(TEXTS | NAMES)
def test_folding_twice_changes_nothing(text):
    once = fold(series(text))
    assert fold(once).to_list() == once.to_list()


@given(TEXTS | NAMES)
def test_a_name_has_a_core_exactly_when_it_has_letters_or_digits(text):
    keys = name_keys(series(text)).row(0, named=True)
    assert (keys["name_core"] is None) == (keys["name_full"] is None)
    assert keys["name_core"] != ""
    assert keys["name_tokens"] == (keys["name_core"] or "").split()
    assert keys["name_core"] is None or keys["name_core"] in keys["name_cores"]


@given(TEXTS)
def test_how_accents_are_composed_changes_nothing(text):
    spelt = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
    first, second = fold(series(*spelt))
    assert first == second


PLAIN = st.lists(st.sampled_from(["Acme", "Müller", "日立", "O'Brien", "Group", "7"]), min_size=1, max_size=4)


@given(PLAIN.map(" ".join), st.sampled_from(sorted(forms("within") + forms("end"))))
def test_a_legal_form_at_the_end_changes_no_core(name, form):
    bare, full = name_keys(series(name, f"{name} {form}"))["name_core"]
    assert full == bare


@given(LOCAL, HOST)
@example("a", "b.c")
@example("a+b", "gmail.com")
def test_addresses_are_accepted_as_the_library_accepts_them(local, host):
    address = f"{local}@{host}".lower()
    try:
        validate_email(address, check_deliverability=False, strict=True)
        is_valid = True
    except EmailNotValidError:
        is_valid = False
    found = canonical_addresses(series(address))[0]
    assert (found is not None) == is_valid or address.strip("'.") != address


@given(LOCAL, HOST)
def test_a_canonical_address_is_its_own(local, host):
    once = canonical_addresses(series(f"{local}@{host}"))
    assert canonical_addresses(once).to_list() == once.to_list()


@given(TEXTS | HOST)
def test_a_company_domain_is_its_own(text):
    hosts = pl.DataFrame({"site": series(text)}).select(host_of_website(pl.col("site"))).to_series()
    once = company_domains(hosts)
    assert company_domains(once).to_list() == once.to_list()


@given(st.text("+0123456789 ()-/x", max_size=18), st.sampled_from([None, "US", "GB", "DE", "IT"]))
def test_a_number_in_e164_is_its_own(number, country):
    once = e164(series(number), series(country))
    assert e164(once, series(country)).to_list() == once.to_list()


@given(TEXTS, st.sampled_from([None, "US", "DE", "NL"]))
def test_codes_of_places_are_their_own(text, country):
    for once, again in (
        (postal_codes(series(text), series(country)), lambda code: postal_codes(code, series(country))),
        (country_codes(series(text)), country_codes),
    ):
        assert again(once).to_list() == once.to_list()


RECORDS = st.lists(st.tuples(NAMES | TEXTS, TEXTS, LOCAL, st.sampled_from([None, "DE", "United States"])), max_size=6)


@settings(max_examples=25)
@given(RECORDS, st.randoms(use_true_random=False))
def test_the_order_of_records_changes_nothing(records, random):
    accounts = [
        {"account_id": f"a{number}", "survivor_id": f"a{number}", "name": name, "website": site, "country": country,
         "billing_email": f"{local}@acme.com"} for number, (name, site, local, country) in enumerate(records)
    ]  # fmt: skip
    customers = [{"customer_id": f"c{number}", "name": name, "country": country} for number, (name, _, _, country) in enumerate(records)]  # fmt: skip
    in_order = account_keys(table("accounts", accounts)), customer_keys(table("customers", customers))
    random.shuffle(accounts)
    random.shuffle(customers)
    shuffled = account_keys(table("accounts", accounts)), customer_keys(table("customers", customers))
    for first, second in zip(in_order, shuffled, strict=True):
        assert first.equals(second)
        assert first.height == len(records)
