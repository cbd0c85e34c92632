"""Exports made by hand, drawn: what stands in a cell, and what it becomes; which lines are records; which maps are refused."""

import json

import polars as pl
import pytest

from recon_kit.extract.exports import raw_files, read_mapped
from recon_kit.extract.exports.values import (
    Locale,
    currency_in,
    day,
    epoch_seconds,
    plain_number,
    salesforce_amount,
    stripe_amount,
    stripe_price,
)
from recon_kit.extract.exports.words import coupon_terms, interval, status
from recon_kit.params import Params
from recon_kit.policy import Policy, SettingsError

POINT, COMMA = Locale("."), Locale(",")


def rows_of(drawn):
    return [[cell.strip() for cell in line.split("|")] for line in drawn.strip().splitlines() if line.strip("# ")]


def drawn(text):
    return pytest.mark.parametrize("row", rows_of(text), ids=lambda row: row[0] or "empty")


def one(expression, **cells):
    found = pl.DataFrame({name: [text or None] for name, text in cells.items()}, schema=dict.fromkeys(cells, pl.String))
    return found.select(expression.alias("v")).item()


NUMBERS = """
1234.50           | . | 1234.50
1,234.50          | . | 1234.50
1,234,567         | . | 1234567
$1,234.50         | . | 1234.50
USD 1,234.50      | . | 1234.50
1,234.50 USD      | . | 1234.50
(12.00)           | . | -12.00
($12.00)          | . | -12.00
-$12.00           | . | -12.00
$-12.00           | . | -12.00
−12.00            | . | -12.00
12.00-            | . | -12.00
+12               | . | 12
US$ 5             | . | 5
12,34,567.00      | . | 1234567.00
1'234.50          | . | 1234.50
1 234,50          | , | 1234.50
1.234,50          | , | 1234.50
1.234,50 €        | , | 1234.50
USD 1.234,50      | , | 1234.50
1.234             | , | 1234
1,5               | , | 1.5
1.234             | . | 1.234
1.234,50          | . | -
1,234.50          | , | -
12,34             | . | -
1,2345            | . | -
1e3               | . | -
(-12.00)          | . | -
--5               | . | -
twelve            | . | -
1.2.3             | . | -
"""


@drawn(NUMBERS)
def test_a_number(row):
    text, decimal, expected = row
    assert (one(plain_number(pl.col("t"), Locale(decimal)), t=text) or "-") == expected


STRIPE_AMOUNTS = """
12.34         | USD | 1234
1,234.50      | USD | 123450
0.07          | USD | 7
-3.00         | USD | -300
12            | EUR | 1200
1200          | JPY | 1200
12.5          | JPY | -
1.234         | KWD | 1234
1.005         | USD | -
5.00          | ISK | 500
€12.00        | EUR | 1200
£12.00        | EUR | -
EUR 12.00     | USD | -
12.00         |     | -
"""


@drawn(STRIPE_AMOUNTS)
def test_a_dashboard_amount_in_the_smallest_unit(row):
    text, currency, expected = row
    assert (one(stripe_amount(pl.col("t"), pl.col("c"), POINT), t=text, c=currency) or "-") == expected


def test_a_price_below_a_cent_is_exact_and_minor_units_stay_as_they_are():
    assert one(stripe_price(pl.col("t"), pl.col("c"), POINT), t="0.005", c="USD") == "0.5"
    assert one(stripe_price(pl.col("t"), pl.col("c"), POINT), t="0.000123", c="USD") == "0.0123"
    minor = Locale(is_minor=True)
    assert one(stripe_amount(pl.col("t"), pl.col("c"), minor), t="1,234", c="USD") == "1234"
    assert one(stripe_amount(pl.col("t"), pl.col("c"), minor), t="12.34", c="USD") is None
    assert one(salesforce_amount(pl.col("t"), pl.col("c"), minor), t="-5", c="USD") == "-0.05"
    assert one(salesforce_amount(pl.col("t"), pl.col("c"), minor), t="1200", c="JPY") == "1200"


@drawn("""
€12       | EUR
12 £      | GBP
$12       | -
¥12       | -
CAD 12    | CAD
12        | -
""")
def test_the_currency_an_amount_names(row):
    assert (one(currency_in(pl.col("t")), t=row[0]) or "-") == row[1]


DAYS = """
31/10/2026        | %d/%m/%Y | 2026-10-31
3/4/2026          | %d/%m/%Y | 2026-04-03
3/4/2026          | %m/%d/%Y | 2026-03-04
31.10.2026        | %d.%m.%Y | 2026-10-31
31/10/2026 14:05  | %d/%m/%Y | 2026-10-31
10/31/2026, 2:05 PM | %m/%d/%Y | 2026-10-31
2026-10-31        | %d/%m/%Y | 2026-10-31
2026-10-31        |          | 2026-10-31
2026-10-31 14:05  |          | 2026-10-31
31 Oct 2026       | %d %b %Y | 2026-10-31
31/02/2026        | %d/%m/%Y | -
13/13/2026        | %d/%m/%Y | -
31/10/26          | %d/%m/%Y | -
31/10/26          | %d/%m/%y | 2026-10-31
2026-01-13        | %Y-%d-%m | -
10/31/2026        |          | -
"""


@drawn(DAYS)
def test_a_date(row):
    text, dates, expected = row
    assert (one(day(pl.col("t"), Locale(dates=dates or None)), t=text) or "-") == expected


INSTANTS = """
2026-03-04 12:30          |          | UTC              | 1772627400
2026-03-04 12:30:11       |          | UTC              | 1772627411
2026-03-04T12:30:11Z      |          | UTC              | 1772627411
2026-03-04 12:30:11 UTC   |          | America/New_York | 1772627411
2026-03-04T13:30:11+01:00 |          | UTC              | 1772627411
2026-03-04 12:30          |          | Europe/Berlin    | 1772623800
2026-03-04                |          | UTC              | 1772582400
04/03/2026 12:30          | %d/%m/%Y | UTC              | 1772627400
3/4/2026 12:30 PM         | %m/%d/%Y | UTC              | 1772627400
1772627411                |          | UTC              | 1772627411
2026-02-30 12:30          |          | UTC              | -
soon                      |          | UTC              | -
"""


@drawn(INSTANTS)
def test_an_instant(row):
    text, dates, zone, expected = row
    assert (one(epoch_seconds(pl.col("t"), Locale(dates=dates or None, timezone=zone)), t=text) or "-") == expected


@drawn("""
month          | month | -
Monthly        | month | -
6 months       | month | 6
every 3 months | month | 3
quarterly      | month | 3
Year           | year  | -
annual         | year  | -
week           | week  | -
fortnight      | -     | -
""")
def test_how_often_a_plan_bills(row):
    unit, count = (expression.alias(name) for expression, name in zip(interval(pl.col("t")), "uc", strict=True))
    found = pl.DataFrame({"t": [row[0]]}).select(unit, count).row(0)
    assert [value or "-" for value in found] == row[1:]


@drawn("""
20OFF (20% off forever)     | 20OFF | 20   | -    | forever   | -
50% off once                | 50% off once | 50 | - | once    | -
LAUNCH (50% off for 3 months) | LAUNCH | 50 | -   | repeating | 3
$10.00 off for 1 year       | $10.00 off for 1 year | - | 1000 | repeating | 12
TEN ($10.00 off forever)    | TEN   | -    | 1000 | forever   | -
12,5% off forever           | 12,5% off forever | 12.5 | - | forever | -
20OFF                       | -     | -    | -    | -         | -
20% off                     | -     | -    | -    | -         | -
TEN (£10.00 off forever)    | -     | -    | -    | -         | -
""")
def test_what_a_coupon_column_says(row):
    terms = coupon_terms(pl.col("t"), pl.lit("USD"), POINT)
    found = pl.DataFrame({"t": [row[0]]}).select(**terms).row(0)
    assert [value or "-" for value in found] == row[1:]


@drawn("""
Paid      | charges       | succeeded
Refunded  | charges       | succeeded
Failed    | charges       | failed
Past Due  | subscriptions | past_due
Cancelled | subscriptions | canceled
Active    | subscriptions | active
Past due  | invoices      | open
Voided    | invoices      | void
Wobbly    | subscriptions | wobbly
""")
def test_a_status(row):
    assert one(status(pl.col("t"), row[1]), t=row[0]) == row[2]


# which lines are records ---------------------------------------------------------------------------


def mapped(folder, files, columns, **settings):
    """Write files of one flat folder and read them through a column map."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = {"kind": "files", "path": str(folder)}
    params = Params.model_validate(
        {"as_of": "2026-10-31", "source": {"stripe": source, "salesforce": source}, "columns": columns, **settings}
    )
    return params, read_mapped(params, {"stripe": folder, "salesforce": folder})


def translated(folder, files, columns, policy=None, **settings):
    params, exports = mapped(folder, files, columns, **settings)
    return {file.name: file.content.decode() for file in raw_files(exports, params, policy or Policy())}


ACCOUNT = {"objects": {"salesforce/Account": {"Id": "Account ID", "Name": "Account Name"}}}
HEAD = "Account ID,Account Name,Amount\n"
FOOTER = (
    "\n\nWon this year\nCopyright (c) 2000-2026 salesforce.com, inc. All rights reserved.\n"
    "Confidential Information - Do Not Distribute\nGenerated By: Jo Doe 31/10/2026 17:05\nNorthbeam, Inc.\n"
)
REPORTS = {
    "nothing but records": (HEAD + "001A,Acme,5\n", 1, 0, 0, 0),
    "a footer": (HEAD + "001A,Acme,5\n" + FOOTER, 1, 0, 5, 2),
    "a padded total": (HEAD + '001A,Acme,5\n"Grand Totals (1 record)","",""\n' + FOOTER, 1, 0, 6, 2),
    "subtotals between": (HEAD + "001A,Acme,5\n,Subtotal,5\n001B,Beta,6\n,Subtotal,6\n,Total,11\n", 2, 0, 3, 0),
    "a company named Total": (HEAD + "001A,Total,5\n001B,Total Energies,7\n", 2, 0, 0, 0),
    "a title above the header": ("Accounts\nAs of 31/10/2026\n\n" + HEAD + "001A,Acme,5\n", 1, 0, 2, 1),
    "a separator line of a spreadsheet": ("sep=,\n" + HEAD + "001A,Acme,5\n", 1, 0, 1, 0),
    "two files put together": (HEAD + "001A,Acme,5\n" + HEAD + "001B,Beta,5\n", 2, 0, 1, 0),
    "a broken row inside": (HEAD + "001A,Acme,5\n001B,Beta,Inc.,6\n001C,Gamma,7\n", 2, 1, 0, 0),
    "a row cut off at the end": (HEAD + "001A,Acme,5\n001B,Be", 1, 1, 0, 0),
    "text over several lines": (HEAD + '001A,"Acme\n\nInc.",5\n', 1, 0, 0, 0),
    "Copyright inside a name": (HEAD + "001A,Copyright (c) Clearing House,5\n", 1, 0, 0, 0),
    "a header alone": (HEAD, 0, 0, 0, 0),
    "carriage returns": (HEAD.replace("\n", "\r\n") + "001A,Acme,5\r\n\r\n", 1, 0, 0, 1),
}


@pytest.mark.parametrize("name", REPORTS)
def test_which_lines_are_records(tmp_path, name):
    content, records, malformed, report_lines, blank = REPORTS[name]
    _, [found] = mapped(tmp_path, {"a.csv": content}, {"a.csv": ACCOUNT})
    export = found.export
    counted = (export.records.height, export.malformed.height, export.report_lines, export.blank_lines)
    assert counted == (records, malformed, report_lines, blank)
    lines = len(content.replace("\r\n", "\n").removesuffix("\n").split("\n"))
    assert export.header_lines + export.report_lines + export.blank_lines + export.record_lines == lines


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_encoding_gives_the_same_name(tmp_path, encoding):
    content = (HEAD + "001A,Société Générale – Épargne,5\n").encode(encoding)
    files = translated(tmp_path, {"a.csv": content}, {"a.csv": ACCOUNT})
    assert '"Société Générale – Épargne"' in files["salesforce/Account-001 a.csv"]


def test_a_named_encoding_prevails(tmp_path):
    content = (HEAD + "001A,Škoda,5\n").encode("cp1250")
    files = translated(tmp_path, {"a.csv": content}, {"a.csv": {**ACCOUNT, "encoding": "cp1250"}})
    assert '"Škoda"' in files["salesforce/Account-001 a.csv"]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_every_delimiter(tmp_path, sign):
    content = sign.join(["Account ID", "Account Name", "Amount"]) + "\n" + sign.join(["001A", "Acme", "5"]) + "\n"
    files = translated(tmp_path, {"a.csv": content}, {"a.csv": ACCOUNT})
    assert files["salesforce/Account-001 a.csv"] == '"Id","Name"\n"001A","Acme"\n'


# records -------------------------------------------------------------------------------------------

SOLD = {
    "objects": {
        "salesforce/Opportunity": {
            "Id": "opportunity id",
            "AccountId": "Account ID",
            "Amount": " Amount ",
            "CloseDate": "Close Date",
            "StageName": "Stage",
            "IsWon": "Won",
            "Service_Start__c": "Service from",
            "Discount_Percent__c": "Discount",
        },
        "salesforce/Account": {"Id": "Account ID", "Name": "Account Name"},
    },
    "dates": "%d/%m/%Y",
    "decimal": ",",
}
SOLD_HEAD = "Opportunity ID;Account ID;Account Name;Amount;Close Date;Stage;Won;Service from;Discount\n"


def test_one_report_feeds_two_objects_line_by_line(tmp_path):
    content = (
        SOLD_HEAD
        + '006A;001A;Acme;1.234,50;31/10/2026;Closed Won;1;03/11/2026;"20,0 %"\n\n006B;001A;Acme;-;31/02/2026;Open;0;;\n'
    )
    files = translated(
        tmp_path, {"won.csv": content}, {"won.csv": SOLD}, fields={"contract": {"start_on": ["Service_Start__c"]}}
    )
    opportunities = files["salesforce/Opportunity-001 won.csv"].split("\n")
    read = [dict(zip(opportunities[0].split(","), line.split(","), strict=True)) for line in opportunities[1:] if line]
    assert read[0] == {
        '"Id"': '"006A"',
        '"AccountId"': '"001A"',
        '"Amount"': '"1234.50"',
        '"CloseDate"': '"2026-10-31"',
        '"StageName"': '"Closed Won"',
        '"IsWon"': '"true"',
        '"Service_Start__c"': '"2026-11-03"',
        '"Discount_Percent__c"': '"20.0"',
    }
    assert read[1]['"Amount"'] == '""'
    assert read[1]['"CloseDate"'] == '"31/02/2026"'
    assert [number for number, line in enumerate(opportunities, 1) if line] == [1, 2, 4]
    assert files["salesforce/Account-001 won.csv"].split("\n")[1:4] == ['"001A","Acme"', "", '"001A","Acme"']


def test_an_amount_that_names_its_currency_tells_it_where_no_column_does(tmp_path):
    content = (
        SOLD_HEAD
        + "006A;001A;Acme;EUR 5,00;31/10/2026;Won;1;;\n006B;001A;Acme;7,00;31/10/2026;Won;1;;\n006C;001A;Acme;$7,00;31/10/2026;Won;1;;\n"
    )
    columns = {"won.csv": SOLD}
    in_dollars = translated(tmp_path, {"won.csv": content}, columns)["salesforce/Opportunity-001 won.csv"]
    header, *rows = [line.replace('"', "").split(",") for line in in_dollars.splitlines()]
    read = [dict(zip(header, row, strict=True)) for row in rows]
    assert [(row["Amount"], row["CurrencyIsoCode"]) for row in read] == [("5.00", "EUR"), ("7.00", ""), ("7.00", "")]
    in_pounds = translated(tmp_path, {}, columns, Policy(reporting_currency="GBP"))[
        "salesforce/Opportunity-001 won.csv"
    ]
    assert '"$7,00"' in in_pounds


SUBSCRIBED = {
    "objects": {
        "stripe/subscriptions": {
            "id": "id",
            "customer": "Customer ID",
            "plan.id": "Plan",
            "quantity": "Quantity",
            "currency": "Currency",
            "plan.interval": "Interval",
            "plan.amount": "Amount",
            "status": "Status",
            "created": "Created (UTC)",
            "discount.coupon": "Coupon",
            "metadata.salesforce_account_id": "SF (metadata)",
        }
    }
}
SUB_HEAD = "id,Customer ID,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Coupon,SF (metadata)\n"


def subscriptions_of(tmp_path, *rows):
    content = SUB_HEAD + "".join(row + "\n" for row in rows)
    lines = translated(tmp_path, {"s.csv": content}, {"s.csv": SUBSCRIBED})["stripe/subscriptions-001 s.csv.jsonl"]
    return {number: json.loads(line) for number, line in enumerate(lines.split("\n"), 1) if line}


def test_a_subscription_has_the_shape_of_2018(tmp_path):
    row = 'sub_1,cus_1,price_1,3,usd,month,49.00,Active,2026-03-04 12:30,20OFF (20% off forever),"001 ""A"""'
    assert subscriptions_of(tmp_path, row) == {
        2: {
            "id": "sub_1",
            "object": "subscription",
            "customer": "cus_1",
            "plan": {"id": "price_1", "interval": "month", "interval_count": 1, "amount": 4900},
            "quantity": 3,
            "currency": "usd",
            "status": "active",
            "created": 1772627400,
            "discount": {"coupon": {"id": "20OFF", "percent_off": 20, "duration": "forever"}},
            "metadata": {"salesforce_account_id": '001 "A"'},
        }
    }


def test_what_cannot_be_translated_stays_as_it_was(tmp_path):
    found = subscriptions_of(tmp_path, "sub_1,cus_1,price_1,three,usd,fortnight,lots,Wobbly,yesterday,20OFF,")[2]
    assert found["quantity"] == "three"
    assert found["plan"] == {"id": "price_1", "interval": "fortnight", "interval_count": 1, "amount": "lots"}
    assert (found["created"], found["status"], found["discount"]) == ("yesterday", "wobbly", {"coupon": "20OFF"})


def test_rows_of_one_subscription_that_differ_in_their_plan_are_its_items(tmp_path):
    row = "sub_1,cus_1,{},usd,month,{},active,2026-03-04 12:30,,"
    found = subscriptions_of(tmp_path, row.format("p_b,2", "5.00"), row.format("p_a,1", "7.00"))
    assert list(found) == [2]
    assert [(item["id"], item["plan"]["amount"], item["quantity"]) for item in found[2]["items"]["data"]] == [
        ("sub_1:p_a", 700, 1),
        ("sub_1:p_b", 500, 2),
    ]


def test_rows_of_one_subscription_that_differ_otherwise_stay_apart(tmp_path):
    row = "sub_1,cus_1,{},{},usd,month,5.00,{},2026-03-04 12:30,,"
    for pair in (("p_a", 1, "active"), ("p_b", 1, "canceled")), (("p_a", 1, "active"), ("p_a", 2, "active")):
        assert list(subscriptions_of(tmp_path, *(row.format(*cells) for cells in pair))) == [2, 3]


def test_a_row_cut_off_is_a_line_that_no_reader_accepts(tmp_path):
    content = SUB_HEAD + "sub_1,cus_1\n"
    files = translated(tmp_path, {"s.csv": content}, {"s.csv": SUBSCRIBED})
    assert files["stripe/subscriptions-001 s.csv.jsonl"] == "\nsub_1,cus_1\n"


def test_payments_without_a_refund_give_none(tmp_path):
    charges = {"id": "id", "amount": "Amount", "currency": "Currency"}
    refunds = {
        "id": "id",
        "charge": "id",
        "amount": "Amount Refunded",
        "currency": "Currency",
        "created": "Refunded date (UTC)",
    }
    content = "id,Amount,Currency,Amount Refunded,Refunded date (UTC)\nch_1,10.00,usd,0.00,\nch_2,10.00,usd,4.00,2026-03-04 12:30\nch_3,5.00,usd,,\n"
    columns = {"pay.csv": {"objects": {"stripe/charges": charges, "stripe/refunds": refunds}}}
    files = translated(tmp_path, {"pay.csv": content}, columns)
    [line] = [line for line in files["stripe/refunds-001 pay.csv.jsonl"].split("\n") if line]
    assert json.loads(line) == {
        "id": "ch_2",
        "object": "refund",
        "charge": "ch_2",
        "amount": 400,
        "currency": "usd",
        "created": 1772627400,
    }
    assert files["stripe/charges-001 pay.csv.jsonl"].count("ch_") == 3


def test_minor_units_and_dotted_item_paths(tmp_path):
    objects = {
        "stripe/subscriptions": {
            "id": "id",
            "customer": "c",
            "status": "s",
            "currency": "k",
            "created": "d",
            "items.data[].price.unit_amount": "a",
            "items.data[].price.recurring.interval": "i",
            "items.data[].quantity": "q",
        }
    }
    content = "id,c,s,k,d,a,i,q\nsub_1,cus_1,active,USD,2026-03-04,4900,month,2\n"
    files = translated(tmp_path, {"s.csv": content}, {"s.csv": {"objects": objects, "amounts": "minor"}})
    found = json.loads(files["stripe/subscriptions-001 s.csv.jsonl"])
    assert (found["plan"], found["quantity"]) == ({"amount": 4900, "interval": "month", "interval_count": 1}, 2)


# maps that are refused ---------------------------------------------------------------------------------

GOOD = {"objects": {"salesforce/Account": {"Id": "Account ID", "Name": "Account Name"}}}
REFUSED = {
    "a path upwards": ({"../a.csv": GOOD}, "'../a.csv' leaves the folder"),
    "an absolute path": ({"/etc/passwd": GOOD}, "'/etc/passwd' leaves the folder"),
    "a link": ({"link.csv": GOOD}, "'link.csv' is a link that leaves the folder"),
    "an absent file": (
        {"acounts.csv": GOOD},
        "there is no file acounts.csv in the folder of its source; the nearest is 'accounts.csv'",
    ),
    "an absent header": (
        {"accounts.csv": {"objects": {"salesforce/Account": {"Id": "Acount ID", "Name": "Account Name"}}}},
        "salesforce/Account: Id: the file has no column 'Acount ID'; the nearest is 'Account ID'",
    ),
    "an unknown object": (
        {"accounts.csv": {"objects": {"salesforce/Acount": {"Id": "Account ID"}}}},
        "'salesforce/Acount' is no object of the raw layout; the nearest is 'salesforce/Account'",
    ),
    "two columns for one field": (
        {
            "accounts.csv": {
                "objects": {"salesforce/Account": {"Id": "Account ID", "id": "Account Name", "Name": "Account Name"}}
            }
        },
        "two columns are named for",
    ),
    "a required field without column": (
        {"accounts.csv": {"objects": {"salesforce/Account": {"Id": "Account ID"}}}},
        "salesforce/Account: no column is named for Name",
    ),
    "a misspelt path": (
        {"accounts.csv": {"objects": {"stripe/customers": {"id": "Account ID", "adress.city": "Amount"}}}},
        "there is no field adress.city; the nearest is 'address.city'",
    ),
    "a price without its interval": (
        {
            "accounts.csv": {
                "objects": {
                    "stripe/subscriptions": {
                        **dict.fromkeys(("id", "customer", "status", "currency", "created"), "Account ID"),
                        "plan.amount": "Amount",
                    }
                }
            }
        },
        "plan.amount needs plan.interval",
    ),
    "an empty file": ({"empty.csv": GOOD}, "empty.csv is empty"),
    "a workbook": ({"book.csv": GOOD}, "book.csv is no text"),
    "an encoding of nobody": ({"accounts.csv": {**GOOD, "encoding": "klingon"}}, "there is no encoding 'klingon'"),
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "outside.csv").write_text(HEAD, encoding="utf-8")
    home = tmp_path / "mine"
    home.mkdir()
    (home / "accounts.csv").write_text(HEAD + "001A,Acme,5\n", encoding="utf-8")
    (home / "empty.csv").write_text("", encoding="utf-8")
    (home / "book.csv").write_bytes(b"PK\x03\x04\x14\0\0\0\x08")
    (home / "link.csv").symlink_to(tmp_path / "outside.csv")
    return home


@pytest.mark.parametrize("name", REFUSED)
def test_a_map_that_is_refused(folder, name):
    columns, message = REFUSED[name]
    with pytest.raises(SettingsError, match="columns: ") as refused:
        mapped(folder, {}, columns)
    assert message in str(refused.value)


def test_all_faults_come_in_one_message(folder):
    columns = {}
    for entry, _ in list(REFUSED.values())[:6]:
        name, settings = next(iter(entry.items()))
        columns[name] = settings
    with pytest.raises(SettingsError) as refused:
        mapped(folder, {}, columns)
    assert len(str(refused.value).splitlines()) == len(columns)


def test_a_source_that_is_not_of_kind_files_is_named(folder):
    params = Params.model_validate({"as_of": "2026-10-31", "columns": {"accounts.csv": GOOD}})
    with pytest.raises(SettingsError, match=r"source\.salesforce is of kind sample"):
        read_mapped(params, {"salesforce": folder})
