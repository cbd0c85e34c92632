"""Fields nobody documents are noted; those of any API version, and all the kit reads, are not."""

import gzip
import json

import pytest
import stripe

from recon_kit.normalise.stripe.unknown_fields import SAMPLE_LINES, known_fields, unknown_field_notes
from recon_kit.params import SAMPLE_FOLDER
from recon_kit.schemas.raw import STRIPE_OBJECTS
from tests.known_stripe_fields import TYPES, of_library, of_reader
from tests.stripe_records import customer, invoice, write


def noted(folder):
    return unknown_field_notes(folder).select("object", "subject", "records").rows()


def test_an_unknown_field_is_noted_with_its_object_and_count(tmp_path):
    folder = write(
        tmp_path, customers=[customer(weather=1, mood={}), customer("cus_2", weather=None), customer("cus_3")]
    )
    notes = unknown_field_notes(folder)
    assert notes.select("source", "object", "subject", "records").rows() == [
        ("stripe", "customers", "unknown field", 1),
        ("stripe", "customers", "unknown field", 2),
    ]
    assert [message.split(",")[0] for message in notes["message"]] == [
        "No API version documents the field mood",
        "No API version documents the field weather",
    ]


def test_only_the_head_of_a_file_is_looked_at_and_the_note_says_so(tmp_path):
    late = [
        customer(f"cus_{number}", **({"late": 1} if number >= SAMPLE_LINES - 1 else {}))
        for number in range(SAMPLE_LINES + 9)
    ]
    notes = unknown_field_notes(write(tmp_path, customers=late))
    assert notes["records"].to_list() == [1]
    assert "the first 1,000 lines of each file" in notes["message"][0]


#    what stands in the file             bytes
PASSED_OVER = [
    ("broken lines",                     b'{"weather":\n[1]\n"x"\n\xff\xfe\n\x00\n'),
    ("a gzip cut short",                 gzip.compress(b'{"weather": 1}\n' * 9)[:-9]),
    ("nothing",                          b""),
]  # fmt: skip


@pytest.mark.parametrize(("what", "body"), PASSED_OVER, ids=[row[0] for row in PASSED_OVER])
def test_what_the_reader_refuses_is_passed_over(tmp_path, what, body):
    folder = write(tmp_path)
    (folder / "stripe" / "customers.jsonl").write_bytes(body)
    assert noted(folder) == []


def test_gzip_and_a_mark_are_no_obstacle(tmp_path):
    folder = write(tmp_path)
    body = b"\xef\xbb\xbf" + json.dumps(customer(weather=1)).encode()
    (folder / "stripe" / "customers.jsonl").write_bytes(body)
    (folder / "stripe" / "customers-2026-10.jsonl.gz").write_bytes(gzip.compress(body))
    assert noted(folder) == [("customers", "unknown field", 2)]


def test_neither_the_sample_nor_the_usual_test_objects_have_any(tmp_path):
    assert noted(SAMPLE_FOLDER) == []
    assert noted(write(tmp_path, invoices=[invoice()])) == []


def test_every_field_of_the_library_and_of_the_reader_is_known():
    known = known_fields()
    assert set(known) == {described.name for described in STRIPE_OBJECTS}
    for name, (_, resource) in TYPES.items():
        assert of_library(resource) - set(known[name]) == set(), (name, stripe.VERSION)
    for name in known:
        assert of_reader(name) - set(known[name]) == set(), name


#    object           field                    of the API versions
EARLIER_FIELDS = [
    ("customers",     "account_balance",       "until 2019"),
    ("customers",     "subscriptions",         "until 2020 without asking"),
    ("customers",     "tax_info",              "2018"),
    ("subscriptions", "billing",               "until 2019"),
    ("subscriptions", "tax_percent",           "until 2019"),
    ("subscriptions", "plan",                  "until 2020"),
    ("subscriptions", "current_period_end",    "until 2025"),
    ("invoices",      "date",                  "until 2019"),
    ("invoices",      "charge",                "until 2025"),
    ("invoices",      "total_tax_amounts",     "until 2025"),
    ("invoices",      "parent",                "since 2025"),
    ("charges",       "invoice",               "until 2025"),
    ("payouts",       "trace_id",              "since 2024"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "field", "when"), EARLIER_FIELDS)
def test_fields_of_earlier_and_later_versions_are_known(name, field, when):
    assert field in known_fields()[name], when
