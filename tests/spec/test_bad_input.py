"""Bad input, drawn: what is wrong with a record or a file, and where it ends: a bucket with its reason, or one error.

Every row also states that the sound records beside it go on, and that rows and money are conserved.
"""

import gzip
import json

import polars as pl
import pytest

from recon_kit.normalise.stripe import read_stripe
from recon_kit.policy import SettingsError
from recon_kit.schemas.table import SchemaError
from tests.conserved import broken_controls
from tests.salesforce_snapshot import ACME, DEAL, placed, read_files
from tests.stripe_records import (
    AS_OF,
    POLICY,
    at,
    bucket_rows,
    charge,
    customer,
    invoice,
    invoice_line,
    subscription,
    write,
)
from tests.whole_close import recon, run_cells, write_params

DEEP = 10_000
BEYOND_AS_OF = at("2026-11-01", 0)

# ================================================================ Stripe: one faulty line between two sound ones


def text(**more):
    return json.dumps(invoice("in_2", **more))


SOUND = text()


def changed(old, new):
    assert SOUND.count(old) == 1
    return SOUND.replace(old, new)


def total(written):
    return changed('"total": 49000', f'"total": {written}')


def read_lines(folder, *lines):
    """Read sound invoices in_1 and in_3 with the given lines between them; in_2 stands for an id of each line's own."""
    write(folder / "raw", subscriptions=[subscription()])
    own = [line if isinstance(line, bytes) else line.encode() for line in lines]
    own = [line.replace(b"in_2", f"in_2.{number}".encode()) for number, line in enumerate(own)]
    body = b"\n".join([json.dumps(invoice()).encode(), *own, json.dumps(invoice("in_3")).encode()]) + b"\n"
    (folder / "raw" / "stripe" / "invoices.jsonl").write_bytes(body)
    return read_stripe(folder / "raw", policy=POLICY, as_of=AS_OF)


#    what is wrong                       the line                                               rule                    field         value
FAULTY_LINES = [
    ("a line cut off",                   SOUND[:200],                                           "malformed_json",       "",           None),
    ("a quote left open",                changed('"number": "A-1"', '"number": "A-1'),          "malformed_json",       "",           None),
    ("two objects in one line",          SOUND + SOUND,                                         "malformed_json",       "",           None),
    ("text after the object",            SOUND + " and more",                                   "malformed_json",       "",           None),
    ("an array",                         f"[{SOUND}]",                                          "malformed_json",       "",           None),
    ("a number",                         "42",                                                  "malformed_json",       "",           None),
    ("a text",                           '"in_2"',                                              "malformed_json",       "",           None),
    ("null",                             "null",                                                "malformed_json",       "",           None),
    ("a footer",                         "3 records exported",                                  "malformed_json",       "",           None),
    ("Python's quotes",                  SOUND.replace('"', "'"),                               "malformed_json",       "",           None),
    ("a NUL byte",                       changed("A-1", "A\0001"),                              "malformed_json",       "",           None),
    ("a control character",              changed("A-1", "A\x011"),                              "malformed_json",       "",           None),
    ("half a surrogate pair",            changed("A-1", "\\ud800"),                             "malformed_json",       "",           None),
    ("an escape that is none",           changed("A-1", "\\x41"),                               "malformed_json",       "",           None),
    ("latin-1",                          changed("A-1", "Müller").encode("latin-1"),            "malformed_json",       "",           None),
    ("cp1252",                           changed("A-1", "5 €").encode("cp1252"),                "malformed_json",       "",           None),
    ("nesting that never ends",          "[" * DEEP,                                            "malformed_json",       "",           None),
    ("a comment before the object",      "/* x */" + SOUND,                                     "malformed_json",       "",           None),
    ("a number with leading zeros",      total("007"),                                          "malformed_json",       "",           None),
    ("a number with a plus",             total("+7"),                                           "malformed_json",       "",           None),
    ("a hexadecimal number",             total("0x10"),                                         "malformed_json",       "",           None),
    ("money 7.5",                        total("7.5"),                                          "money_not_integer",    "total",      "7.5"),
    ("money 1e3",                        total("1e3"),                                          "money_not_integer",    "total",      "1000.0"),
    ("money 49000.0",                    total("49000.0"),                                      "money_not_integer",    "total",      "49000.0"),
    ("money of 10^30",                   total(10**30),                                         "money_not_integer",    "total",      str(10**30)),
    ("money beyond 64 bits",             total(2**63),                                          "money_not_integer",    "total",      str(2**63)),
    ("money beyond belief",              total(10**17),                                         "money_not_integer",    "total",      str(10**17)),
    ("money NaN",                        total("NaN"),                                          "money_not_integer",    "total",      "NaN"),
    ("money Infinity",                   total("-Infinity"),                                    "money_not_integer",    "total",      "-Infinity"),
    ("money true",                       total("true"),                                         "money_not_integer",    "total",      "true"),
    ("money in major units",             total('"490.00"'),                                     "money_not_integer",    "total",      "490.00"),
    ("money with separators",            total('"49,000"'),                                     "money_not_integer",    "total",      "49,000"),
    ("money with a blank",               total('" 49000"'),                                     "money_not_integer",    "total",      " 49000"),
    ("money in Arabic digits",           total('"٤٩٠٠٠"'),                                      "money_not_integer",    "total",      "٤٩٠٠٠"),
    ("money that is a list",             total("[49000]"),                                      "money_not_integer",    "total",      "[49000]"),
    ("money that is an object",          total('{"usd":49000}'),                                "money_not_integer",    "total",      '{"usd":49000}'),
    ("a formula as money",               total('"=1+1"'),                                       "money_not_integer",    "total",      "=1+1"),
    ("no money at all",                  total("null"),                                         "missing_total",        "total",      None),
    ("the amount under another name",    changed('"total":', '"Total":'),                       "missing_total",        "total",      None),
    ("money of a line 7.5",              text(lines=[invoice_line("il_2", amount=7.5)]),        "faulty_line",          "lines.data", "amount: 7.5"),
    ("tax 7.5",                          text(tax=7.5, total_taxes=None),                       "money_not_integer",    "tax",        "7.5"),
    ("an unknown currency",              text(currency="xxq"),                                  "unknown_currency",     "currency",   "XXQ"),
    ("a currency with a blank",          text(currency=" usd"),                                 "unknown_currency",     "currency",   " USD"),
    ("a currency that is a number",      text(currency=840),                                    "unknown_currency",     "currency",   "840"),
    ("no currency",                      text(currency=None),                                   "unknown_currency",     "currency",   None),
    ("a customer that is not there",     text(customer="cus_9"),                                "dangling_reference",   "customer",   "cus_9"),
    ("an empty customer",                text(customer=""),                                     "dangling_reference",   "customer",   ""),
    ("an expanded one that is not there", text(customer={"id": "cus_9"}),                       "dangling_reference",   "customer",   "cus_9"),
    ("an expanded one without id",       text(customer={"object": "customer"}),                 "missing_customer",     "customer",   None),
    ("no customer",                      text(customer=None),                                   "missing_customer",     "customer",   None),
    ("no id",                            json.dumps(invoice(None)),                             "missing_id",           "id",         None),
    ("a time before 1970",               text(created=-5),                                      "impossible_timestamp", "created",    "-5"),
    ("a time of 0",                      text(created=0),                                       "impossible_timestamp", "created",    "0"),
    ("a time in milliseconds",           text(created=1_760_000_000_000),                       "impossible_timestamp", "created",    "1760000000000"),
    ("a time of 10^30",                  text(created=10**30),                                  "impossible_timestamp", "created",    str(10**30)),
    ("a date instead of a time",         text(created="2026-02-30"),                            "impossible_timestamp", "created",    "2026-02-30"),
    ("a status that Stripe has not",     text(status="opened"),                                 "unknown_status",       "status",     "opened"),
]  # fmt: skip


@pytest.fixture(scope="module")
def faulty_lines(tmp_path_factory):
    """One file of all the faulty lines, so that a test costs no reading of its own."""
    folder = tmp_path_factory.mktemp("faulty_lines")
    return folder, read_lines(folder, *(row[1] for row in FAULTY_LINES))


def test_sound_lines_around_faulty_ones_go_on_and_nothing_is_lost(faulty_lines):
    folder, reading = faulty_lines
    assert reading.tables["invoices"]["invoice_id"].sort().to_list() == ["in_1", "in_3"]
    assert bucket_rows(reading, "invoices") == {"accepted": 2, "quarantined": len(FAULTY_LINES)}
    assert broken_controls(folder, reading) == []


@pytest.mark.parametrize(("what", "line", "rule", "field", "value"), FAULTY_LINES, ids=[row[0] for row in FAULTY_LINES])
def test_a_faulty_line_is_quarantined_with_its_reason(faulty_lines, what, line, rule, field, value):
    number = 2 + [row[0] for row in FAULTY_LINES].index(what)
    found = faulty_lines[1].quarantine.filter(pl.col("object") == "invoices", pl.col("line") == number)
    assert found.select("file", "rule", "field", "value").unique().rows() == [
        ("stripe/invoices.jsonl", rule, field, value)
    ]
    assert found["reason"][0].endswith(".")
    assert any(word in found["reason"][0] for word in ("Pull", "Correct", "complete", "mend"))
    assert found["raw"][0]


#    what may look wrong                 the line                                               bucket
USABLE_LINES = [
    ("numbers as texts",                 total('"49000"'),                                      "accepted"),
    ("negative zero",                    total("-0"),                                           "accepted"),
    ("an expanded customer",             text(customer=customer()),                             "accepted"),
    ("a deleted, expanded customer",     text(customer={"id": "cus_1", "deleted": True}),       "accepted"),
    ("a field nobody knows",             text(weather={"at": ["sea"]}),                         "accepted"),
    ("NaN in a field nobody reads",      text(weather=float("nan")),                            "accepted"),
    ("10,000 levels in such a field",    SOUND[:-1] + ', "x": ' + "[" * DEEP + "]" * DEEP + "}", "accepted"),
    ("a huge number in such a field",    text(weather=10**400),                                 "accepted"),
    ("escaped letters in a name",        changed('"total"', '"\\u0074otal"'),                   "accepted"),
    ("a currency in capitals",           text(currency="USD"),                                  "accepted"),
    ("blanks around",                    f"  {SOUND}  ",                                        "accepted"),
    ("a carriage return at its end",     SOUND + "\r",                                          "accepted"),
    ("a formula as number",              text(number="=1+cmd|' /C calc'!A0"),                   "accepted"),
    ("a line separator in a name",       text(number="A\u2028\u0085B"),                         "accepted"),
    ("the same line once more",          json.dumps(invoice()),                                 "duplicate"),
    ("test mode",                        text(livemode=False),                                  "excluded"),
    ("later than as_of",                 text(created=BEYOND_AS_OF),                            "excluded"),
]  # fmt: skip


def test_unusual_lines_are_not_refused(tmp_path):
    reading = read_lines(tmp_path, *(row[1] for row in USABLE_LINES))
    wanted = [row[2] for row in USABLE_LINES]
    assert reading.quarantine.is_empty()
    assert bucket_rows(reading, "invoices") == {
        bucket: wanted.count(bucket) + (2 if bucket == "accepted" else 0) for bucket in set(wanted)
    }
    assert set(reading.excluded["key"]) == {
        f"in_2.{number}" for number, bucket in enumerate(wanted) if bucket == "excluded"
    }
    assert reading.tables["invoices"]["total_minor"].value_counts(name="count").sort("total_minor").rows() == [
        (0, 1),
        (49000, wanted.count("accepted") + 1),
    ]
    assert broken_controls(tmp_path, reading) == []


def test_a_formula_stays_as_it_is_in_the_tables(tmp_path):
    reading = read_lines(tmp_path, text(number="=1+1"))
    assert "=1+1" in reading.tables["invoices"]["number"].to_list()
    crm = read_files(tmp_path, Account=[ACME | {"Name": "=HYPERLINK(1)"}])
    assert crm.tables["accounts"]["name"].to_list() == ["=HYPERLINK(1)"]


def test_two_contents_of_one_id_in_one_file_are_both_quarantined(tmp_path):
    reading = read_lines(tmp_path, json.dumps(invoice(total=1)))
    assert reading.tables["invoices"]["invoice_id"].to_list() == ["in_3"]
    assert reading.quarantine.select("line", "rule", "field", "value").sort("line").rows() == [
        (1, "conflicting_duplicate", "id", "in_1"),
        (2, "conflicting_duplicate", "id", "in_1"),
    ]
    assert broken_controls(tmp_path, reading) == []


def test_two_contents_of_one_id_in_two_files_leave_the_newer(tmp_path):
    folder = write(tmp_path / "raw", invoices=[invoice(total=1)], **{"invoices-2026-10": [invoice(total=2)]})
    reading = read_stripe(folder, policy=POLICY, as_of=AS_OF)
    assert reading.tables["invoices"]["total_minor"].to_list() == [2]
    assert bucket_rows(reading, "invoices") == {"accepted": 1, "superseded": 1}
    assert broken_controls(tmp_path, reading) == []


# ================================================================ Stripe: whole files

LINES = b"".join(f"{json.dumps(charge(f'ch_{number}'))}\n".encode() for number in range(40))


def read_charges(tmp_path, name, body):
    folder = write(tmp_path / "raw")
    (folder / "stripe" / name).write_bytes(body)
    return read_stripe(folder, policy=POLICY, as_of=AS_OF)


#    what is odd                          file               bytes                                        accepted  quarantined lines
FILES = [
    ("a byte order mark",                 "charges.jsonl",    b"\xef\xbb\xbf" + LINES,                     40,       []),
    ("Windows line ends",                 "charges.jsonl",    LINES.replace(b"\n", b"\r\n"),               40,       []),
    ("old Mac line ends",                 "charges.jsonl",    LINES.replace(b"\n", b"\r"),                 40,       []),
    ("mixed line ends",                   "charges.jsonl",    LINES.replace(b"\n", b"\r\n", 7),            40,       []),
    ("no line end at the end",            "charges.jsonl",    LINES.rstrip(),                              40,       []),
    ("blank lines",                       "charges.jsonl",    LINES.replace(b"\n", b"\n\n  \n"),           40,       []),
    ("a footer",                          "charges.jsonl",    LINES + b"40 records\n",                     40,       [41]),
    ("a last line cut off",               "charges.jsonl",    LINES[:-60],                                 39,       [40]),
    ("nothing",                           "charges.jsonl",    b"",                                         0,        []),
    ("blank lines only",                  "charges.jsonl",    b"\n \n\n",                                  0,        []),
    ("gzip",                              "charges.jsonl.gz", gzip.compress(LINES),                        40,       []),
    ("gzip in two parts",                 "charges.jsonl.gz", gzip.compress(LINES) + gzip.compress(b""),   40,       []),
    ("gzip with a bad line",              "charges.jsonl.gz", gzip.compress(LINES + b'{"id":"\xff"}\n'),   40,       [41]),
    ("an empty file called gzip",         "charges.jsonl.gz", b"",                                         0,        []),
]  # fmt: skip


@pytest.mark.parametrize(("what", "name", "body", "accepted", "faulty"), FILES, ids=[row[0] for row in FILES])
def test_an_unusual_file_is_read(tmp_path, what, name, body, accepted, faulty):
    reading = read_charges(tmp_path, name, body)
    assert reading.tables["charges"].height == accepted
    assert reading.quarantine.select("file", "line", "rule").rows() == [
        (f"stripe/{name}", line, "malformed_json") for line in faulty
    ]
    assert broken_controls(tmp_path, reading) == []


def damaged(place):
    body = bytearray(gzip.compress(LINES))
    body[place] ^= 0xFF
    return bytes(body)


#    what is broken                       bytes of charges.jsonl.gz
DAMAGED = [
    ("cut in half",                       gzip.compress(LINES)[:100]),
    ("without its last byte",             gzip.compress(LINES)[:-1]),
    ("only its first bytes",              gzip.compress(LINES)[:4]),
    ("no gzip at all",                    LINES),
    ("more behind its end",               gzip.compress(LINES) + b"more"),
    ("a wrong checksum",                  damaged(-6)),
    ("a wrong length",                    damaged(-2)),
    ("a byte flipped in the middle",      damaged(100)),
]  # fmt: skip


@pytest.mark.parametrize(("what", "body"), DAMAGED, ids=[row[0] for row in DAMAGED])
def test_a_damaged_gzip_is_one_error_that_names_it(tmp_path, what, body):
    with pytest.raises(SchemaError, match=r"charges\.jsonl\.gz .*(Copy or pull it again|Pull it again)"):
        broken_controls(tmp_path, read_charges(tmp_path, "charges.jsonl.gz", body))


def test_a_field_of_60_mb_is_read(tmp_path):
    huge = json.dumps(charge("ch_huge", description="x" * 60_000_000)).encode()
    reading = read_charges(tmp_path, "charges.jsonl", LINES + huge + b"\n" + huge[:-9] + b"\n")
    assert reading.tables["charges"].height == 41
    assert reading.quarantine.select("line", "rule").rows() == [(42, "malformed_json")]
    assert len(reading.quarantine["raw"][0]) == 2_000
    assert broken_controls(tmp_path, reading) == []


def test_a_link_that_leaves_the_folder_is_not_followed(tmp_path):
    outside = tmp_path / "outside.jsonl"
    outside.write_bytes(LINES)
    folder = write(tmp_path / "raw")
    (folder / "stripe" / "charges.jsonl").symlink_to(outside)
    reading = read_stripe(folder, policy=POLICY, as_of=AS_OF)
    assert reading.tables["charges"].is_empty()
    assert broken_controls(tmp_path, reading) == []


# ================================================================ Salesforce: one faulty record between two sound ones

WON = DEAL | {"CurrencyIsoCode": "USD", "Contract_Term_Months__c": "12"}

#    what is wrong                        columns                                        rule                  field                      value
FAULTY_RECORDS = [
    ("money 1.005",                       {"Amount": "1.005"},                           "money_exact",        "Amount",                  "1.005"),
    ("money 1e3",                         {"Amount": "1e3"},                             "money_exact",        "Amount",                  "1e3"),
    ("money with separators",             {"Amount": "12,000.00"},                       "money_exact",        "Amount",                  "12,000.00"),
    ("money with its sign",               {"Amount": "$12000"},                          "money_exact",        "Amount",                  "$12000"),
    ("money in brackets",                 {"Amount": "(12000.00)"},                      "money_exact",        "Amount",                  "(12000.00)"),
    ("money NaN",                         {"Amount": "NaN"},                             "money_exact",        "Amount",                  "NaN"),
    ("money of 10^30",                    {"Amount": str(10**30)},                       "money_exact",        "Amount",                  str(10**30)),
    ("money of 10^60",                    {"Amount": str(10**60)},                       "money_exact",        "Amount",                  str(10**60)),
    ("a formula as money",                {"Amount": "=1+1"},                            "money_exact",        "Amount",                  "=1+1"),
    ("a NUL in money",                    {"Amount": "1\0002"},                          "money_exact",        "Amount",                  "1\0002"),
    ("half a yen",                        {"Amount": "100.5", "CurrencyIsoCode": "JPY"}, "money_exact",        "Amount",                  "100.5"),
    ("an unknown currency",               {"CurrencyIsoCode": "XXQ"},                    "known_currency",     "CurrencyIsoCode",         "XXQ"),
    ("30 February",                       {"CloseDate": "2026-02-30"},                   "unreadable_date",    "CloseDate",               "2026-02-30"),
    ("a local date",                      {"CloseDate": "31.10.2026"},                   "unreadable_date",    "CloseDate",               "31.10.2026"),
    ("the year 9999",                     {"CloseDate": "9999-12-31"},                   "unreadable_date",    "CloseDate",               "9999-12-31"),
    ("a date with a sign",                {"CloseDate": "+2026-1-15"},                   "unreadable_date",    "CloseDate",               "+2026-1-15"),
    ("a date and a word",                 {"CloseDate": "2026-01-15Tjunk"},              "unreadable_date",    "CloseDate",               "2026-01-15Tjunk"),
    ("no date",                           {"CloseDate": ""},                             "missing_date",       "CloseDate",               None),
    ("a negative term",                   {"Contract_Term_Months__c": "-12"},            "term_positive",      "Contract_Term_Months__c", "-12"),
    ("a term of 7.5",                     {"Contract_Term_Months__c": "7.5"},            "term_positive",      "Contract_Term_Months__c", "7.5"),
    ("a term of 1e3",                     {"Contract_Term_Months__c": "1e3"},            "term_positive",      "Contract_Term_Months__c", "1e3"),
    ("an account that is not there",      {"AccountId": "A9"},                           "dangling_reference", "AccountId",               "A9"),
    ("no account",                        {"AccountId": ""},                             "missing_account",    "AccountId",               None),
    ("neither true nor false",            {"IsWon": "perhaps"},                          "unreadable_boolean", "IsWon",                   "perhaps"),
    ("no id",                             {"Id": ""},                                    "missing_key",        "Id",                      None),
    ("a sentence as id",                  {"Id": "Confidential Information"},            "unreadable_key",     "Id",                      "Confidential Information"),
    ("a NUL in the id",                   {"Id": "O\0002"},                              "unreadable_key",     "Id",                      "O\0002"),
]  # fmt: skip


@pytest.fixture(scope="module")
def faulty_records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faulty_records")
    faulty = [WON | {"Id": f"X{number}"} | row[1] for number, row in enumerate(FAULTY_RECORDS)]
    return folder, read_files(folder / "raw", Opportunity=[WON, *faulty, WON | {"Id": "O3"}])


def test_sound_records_around_faulty_ones_go_on_and_nothing_is_lost(faulty_records):
    folder, reading = faulty_records
    assert reading.tables["contracts"]["opportunity_id"].to_list() == ["O1", "O3"]
    assert placed(reading)["Opportunity", "quarantined"] == len(FAULTY_RECORDS)
    assert broken_controls(folder, reading) == []


@pytest.mark.parametrize(
    ("what", "columns", "rule", "field", "value"), FAULTY_RECORDS, ids=[row[0] for row in FAULTY_RECORDS]
)
def test_a_faulty_record_is_quarantined_with_its_reason(faulty_records, what, columns, rule, field, value):
    number = 3 + [row[0] for row in FAULTY_RECORDS].index(what)
    found = faulty_records[1].quarantine.filter(pl.col("line") == number)
    assert found.select("file", "rule", "field", "value").rows() == [("salesforce/Opportunity.csv", rule, field, value)]
    assert found["reason"][0].endswith(".")
    assert found["raw"][0]


HEADER = "Id,AccountId,Name,Amount,CloseDate,StageName\n"
FIRST = "O1,A1,Acme,12000.00,2026-01-15,Closed Won\n"
SECOND = "O2,A1,Bolt,500.00,2026-01-15,Closed Won\n"
BOTH = HEADER + FIRST + SECOND
ACCENT = BOTH.replace("Acme", "Müller–Söhne")
REPORT_FOOTER = (
    "\nGrand Totals (2 records)\nConfidential Information - Do Not Distribute\nCopyright (c) 2026 Acme, Inc.\n"
)

#    what is odd                          the file                                            names read                 quarantined lines
TABLES_AS_THEY_COME = [
    ("UTF-8 with a mark",                 b"\xef\xbb\xbf" + ACCENT.encode(),                  ["Müller–Söhne", "Bolt"],  []),
    ("UTF-16 with a mark",                ACCENT.encode("utf-16"),                            ["Müller–Söhne", "Bolt"],  []),
    ("UTF-16 without, little end first",  ACCENT.encode("utf-16-le"),                         ["Müller–Söhne", "Bolt"],  []),
    ("UTF-16 without, big end first",     ACCENT.encode("utf-16-be"),                         ["Müller–Söhne", "Bolt"],  []),
    ("cp1252",                            ACCENT.encode("cp1252"),                            ["Müller–Söhne", "Bolt"],  []),
    ("latin-1",                           BOTH.replace("Acme", "Müller").encode("latin-1"),   ["Müller", "Bolt"],        []),
    ("a byte cp1252 does not have",       BOTH.encode().replace(b"Bolt", b"B\x81lt"),         ["Acme", "B\x81lt"],       []),
    ("one cp1252 line among UTF-8",       ACCENT.encode().replace(b"Bolt", b"B\xf6lt"),       ["Müller–Söhne", "Bölt"],  []),
    ("Windows line ends",                 BOTH.replace("\n", "\r\n"),                         ["Acme", "Bolt"],          []),
    ("old Mac line ends",                 BOTH.replace("\n", "\r"),                           ["Acme", "Bolt"],          []),
    ("mixed line ends",                   BOTH.replace("\n", "\r\n", 1),                      ["Acme", "Bolt"],          []),
    ("no line end at the end",            BOTH.rstrip(),                                      ["Acme", "Bolt"],          []),
    ("a lone carriage return in a name",  BOTH.replace("Acme", '"Ac\rme"'),                   ["Ac\rme", "Bolt"],        []),
    ("a line end in quotes",              BOTH.replace("Acme", '"Ac\nme"'),                   ["Ac\nme", "Bolt"],        []),
    ("semicolons",                        BOTH.replace(",", ";"),                             ["Acme", "Bolt"],          []),
    ("tabs",                              BOTH.replace(",", "\t"),                            ["Acme", "Bolt"],          []),
    ("Excel's hint of the delimiter",     "sep=;\n" + BOTH.replace(",", ";"),                 ["Acme", "Bolt"],          []),
    ("blank lines before and between",    "\n\n" + BOTH.replace("\n", "\n  \n"),              ["Acme", "Bolt"],          []),
    ("a NUL in a name",                   BOTH.replace("Bolt", "B\0lt"),                      ["Acme", "B\0lt"],         []),
    ("a column called #line",             BOTH.replace("\n", ",\n").replace("Name,\n", "Name,#line\n"), ["Acme", "Bolt"], []),
    ("the footer of a report",            BOTH + REPORT_FOOTER,                               ["Acme", "Bolt"],          [5, 6, 7]),
    ("the header twice",                  HEADER + FIRST + BOTH.replace(FIRST, ""),           ["Acme", "Bolt"],          [3]),
    ("a short row",                       BOTH + "O3,A1\n",                                   ["Acme", "Bolt"],          [4]),
    ("a long row",                        BOTH + SECOND.replace("\n", ",more\n"),             ["Acme", "Bolt"],          [4]),
    ("a quote left open",                 HEADER + 'O3,A1,"open,1.00,2026-01-15,Won\n' + FIRST + SECOND, ["Acme", "Bolt"], [2]),
    ("a quote left open at the end",      BOTH + 'O3,A1,"open',                               ["Acme", "Bolt"],          [4]),
    ("text behind a closing quote",       BOTH + 'O3,A1,"x"y,1.00,2026-01-15,Won\n',          ["Acme", "Bolt"],          [4]),
    ("a row of NULs",                     BOTH + "\0\0\0\n",                                  ["Acme", "Bolt"],          [4]),
    ("only its header",                   HEADER,                                             [],                        []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "body", "names", "faulty"), TABLES_AS_THEY_COME, ids=[row[0] for row in TABLES_AS_THEY_COME]
)
def test_an_unusual_table_is_read(tmp_path, what, body, names, faulty):
    reading = read_files(tmp_path / "raw", Opportunity=body)
    contracts = reading.tables["contracts"]
    assert contracts["name"].to_list() == names
    assert contracts["amount_minor"].to_list() == [1_200_000, 50_000][: len(names)]
    assert reading.quarantine.select("file", "line", "rule").sort("line").rows() == [
        ("salesforce/Opportunity.csv", line, "malformed_row") for line in faulty
    ]
    assert all(reason.count(". ") >= 1 and reason.endswith(".") for reason in reading.quarantine["reason"])
    assert broken_controls(tmp_path, reading) == []


def test_the_header_of_accounts_is_no_account(tmp_path):
    reading = read_files(tmp_path / "raw", Account="Id,Name\nA1,Acme\nId,Name\n")
    assert reading.tables["accounts"]["account_id"].to_list() == ["A1"]
    assert placed(reading)["Account", "quarantined"] == 1


def test_an_encoding_is_noted_and_no_byte_lost(tmp_path):
    reading = read_files(tmp_path, Account="Id,Name\nA1,Müller\n".encode("cp1252"))
    assert reading.notes["message"].to_list() == [
        "The file is not wholly UTF-8 and was read as cp1252; check names with accents."
    ]


#    what is wrong                        the file                                     the error says
BROKEN_TABLES = [
    ("a column that is missing",          BOTH.replace("Amount", "Amout"),             ["Opportunity.csv", "no column Amount", "nearest is Amout", "fields.contract.amount"]),
    ("a column twice",                    BOTH.replace("Name,A", "Amount,A"),          ["Opportunity.csv", "more than once", "Amount"]),
    ("an empty file",                     "",                                          ["Opportunity.csv", "has no header line"]),
    ("only a mark",                       b"\xef\xbb\xbf",                             ["Opportunity.csv", "has no header line"]),
    ("no header",                         FIRST + SECOND,                              ["Opportunity.csv", "no column Id"]),
    ("a header in an open quote",         '"' + BOTH,                                  ["Opportunity"]),
    ("carriage returns in the header",    BOTH.replace(",", "\r,", 2),                  ["Opportunity.csv", "header line cannot be read"]),
    ("gzip",                              gzip.compress(BOTH.encode(), mtime=0),       ["Opportunity"]),
    ("no table",                          b"PK\x03\x04\x14\x00\x08\x08" + bytes(200),  ["Opportunity"]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "body", "says"), BROKEN_TABLES, ids=[row[0] for row in BROKEN_TABLES])
def test_a_table_that_cannot_be_read_is_one_error(tmp_path, what, body, says):
    with pytest.raises(SchemaError) as stopped:
        read_files(tmp_path, Opportunity=body)
    assert [word for word in says if word not in str(stopped.value)] == []


def test_ids_in_two_exports(tmp_path):
    older = [WON, WON | {"Id": "O2", "Amount": "1.00"}, WON | {"Id": "O3", "Amount": "1.005"}]
    newer = [WON, WON | {"Id": "O2", "Amount": "2.00"}, WON | {"Id": "O3", "Amount": "3.00"}]
    files = {"Opportunity_2026-09": older, "Opportunity_2026-10": newer}
    reading = read_files(tmp_path / "raw", files, Opportunity=None)
    assert reading.tables["contracts"]["amount_minor"].to_list() == [1_200_000, 200, 300]
    counts = placed(reading)
    assert (counts["Opportunity", "duplicate"], counts["Opportunity", "superseded"]) == (1, 2)
    assert broken_controls(tmp_path, reading) == []


@pytest.mark.soak
def test_a_name_of_60_mb_is_read(tmp_path):
    body = BOTH.replace("Acme", "x" * 60_000_000) + "O3,A1,x,1.005,2026-01-15,Closed Won\n"
    reading = read_files(tmp_path / "raw", Opportunity=body)
    assert reading.tables["contracts"]["name"].str.len_bytes().to_list() == [60_000_000, 4]
    assert reading.quarantine.select("line", "rule").rows() == [(4, "money_exact")]
    assert broken_controls(tmp_path, reading) == []


# ================================================================ a whole close


def company(folder):
    """The files of a company of one account, one of whose invoices and one of whose opportunities is faulty."""
    write(
        folder,
        customers=[customer(metadata={"salesforce_account_id": "A1"})],
        subscriptions=[subscription()],
        invoices=[invoice(), total("7.5"), "{"],
    )
    read_files(folder, Opportunity=[WON | {"Name": "=1+1"}, WON | {"Id": "O2", "Amount": "1e3"}])
    return folder


def test_a_close_of_faulty_files_ties_and_lists_every_fault(tmp_path):
    params = write_params(tmp_path, company(tmp_path / "source"))
    run_cells(params, tmp_path / "close")
    quarantine = pl.read_parquet(tmp_path / "close" / "tables" / "quarantine.parquet")
    assert set(quarantine.select("file", "line", "rule").iter_rows()) == {
        ("stripe/invoices.jsonl", 2, "money_not_integer"),
        ("stripe/invoices.jsonl", 3, "malformed_json"),
        ("salesforce/Opportunity.csv", 3, "money_exact"),
    }
    assert pl.read_parquet(tmp_path / "close" / "tables" / "contracts.parquet")["name"].to_list() == ["=1+1"]


def leads_away(home):
    account = home / "salesforce" / "Account.csv"
    account.rename(home / "a.csv")
    account.symlink_to(home / "a.csv")


#    what is wrong with the source        how it comes about                                                              the error says
UNUSABLE = [
    ("a required file that leads away",   leads_away,                                                                     "salesforce/Account.csv"),
    ("a column that is missing",          lambda home: (home / "salesforce" / "Account.csv").write_text("Id,Nam\nA1,x"), "nearest is Nam"),
    ("a gzip whose checksum is wrong",    lambda home: (home / "stripe" / "charges.jsonl.gz").write_bytes(damaged(-6)),   "charges.jsonl.gz"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "spoil", "says"), UNUSABLE, ids=[row[0] for row in UNUSABLE])
def test_a_close_of_an_unusable_file_is_one_error(tmp_path, what, spoil, says):
    source = company(tmp_path / "source")
    spoil(source)
    with pytest.raises(SchemaError, match=says):
        run_cells(write_params(tmp_path, source), tmp_path / "close")


def test_the_command_says_it_without_a_trace(tmp_path):
    source = company(tmp_path / "source")
    (source / "stripe" / "charges.jsonl.gz").write_bytes(gzip.compress(LINES)[:90])
    done = recon("close", "--params", str(write_params(tmp_path, source)), "--out", str(tmp_path / "close"))
    assert done.returncode == 1
    assert "charges.jsonl.gz" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "close").exists()


#    path of a source                     the error says
PATHS = [
    ("../nowhere",                        "there is no folder '../nowhere'"),
    ("a.csv",                             "there is no folder 'a.csv'"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "says"), PATHS)
def test_a_path_in_the_params_that_leads_nowhere_is_one_error(tmp_path, path, says):
    (tmp_path / "a.csv").write_text("Id")
    params = write_params(tmp_path, tmp_path)
    params.write_text(params.read_text().replace(f"path: {tmp_path}", f"path: {path}"))
    with pytest.raises(SettingsError, match=says):
        run_cells(params, tmp_path / "close")
