"""`recon init`: what it proposes for a folder, what it asks for, what it leaves alone."""

import csv
import gzip
import json
import shutil
import zipfile

import pytest
import yaml
from typer.testing import CliRunner

from recon_kit.cli import app
from recon_kit.commands.init import init, propose, summary
from recon_kit.commands.init.objects import REQUIRED_FIELDS, REQUIRED_OBJECTS, STAND_INS
from recon_kit.params import read_params, read_policy
from recon_kit.policy import SettingsError
from tests import init_folders as folders
from tests.world.render_exports import export_by_hand

ACCOUNT, OPPORTUNITY, OWNER = "001Qy00000camiXIAQ", "006Qy00000Zd4GcIAJ", "005Qy000d4E0tdiIAB"


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory):
    return folders.warehouse_folder(tmp_path_factory.mktemp("warehouse") / "tables")


@pytest.fixture(scope="session")
def exports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports") / "downloads"
    return folder, export_by_hand(folders.SAMPLE, folder)


@pytest.fixture
def layout(tmp_path):
    for part in ("stripe", "salesforce"):
        shutil.copytree(folders.SAMPLE / part, tmp_path / "company" / part)
    return tmp_path / "company"


def rewrite(file, rows):
    return folders.write_table(file, rows)


def renamed(rows, names):
    return [{names.get(key, key): value for key, value in row.items()} for row in rows]


def small_folder(folder, *, opportunities, accounts=None):
    """Three customers' worth of Stripe tables, and the opportunities given."""
    customers = [
        {"id": f"cus_abcdefgh{n}", "Email": f"a{n}@b.example", "Created (UTC)": "2026-09-30 10:00"} for n in "123"
    ]
    priced = {
        "Currency": "usd",
        "Interval": "month",
        "Amount": "10.50",
        "Status": "active",
        "Created (UTC)": "2026-09-30",
    }
    subscriptions = [{"id": f"sub_abcdefgh{n}", "Customer ID": f"cus_abcdefgh{n}", **priced} for n in "123"]
    billed = {"Currency": "usd", "Total": "10.50", "Status": "paid", "Date (UTC)": "2026-09-30"}
    invoices = [{"id": f"in_abcdefgh{n}", "Customer": f"cus_abcdefgh{n}", **billed} for n in "123"]
    tables = {"a.csv": customers, "b.csv": subscriptions, "c.csv": invoices, "won.csv": opportunities}
    if accounts is None:
        accounts = [{"Account ID": ACCOUNT, "Account Name": "Redfern"}]
    for name, rows in {**tables, "d.csv": accounts}.items():
        if rows:
            rewrite(folder / name, rows)
    return folder


def opportunity(**columns):
    sold = {"Opportunity ID": OPPORTUNITY, "Account ID": ACCOUNT, "Amount": "126.00", "Close Date": "2026-09-30"}
    return {**sold, "Stage": "Closed Won", **columns}


def read_proposed(folder):
    proposal, file = init(folder)
    return proposal, yaml.safe_load(file.read_text(encoding="utf-8"))


# --- what it proposes


def test_the_map_of_exports_is_the_one_they_were_written_with(exports):
    folder, truth = exports
    proposal = propose(folder)
    assert proposal.is_complete
    assert not proposal.doubts
    found = {entry.file.name: {one.object_name: one.headers for one in entry.objects} for entry in proposal.exports}
    assert {name: set(objects) for name, objects in found.items()} == {
        name: set(entry["objects"]) for name, entry in truth.items()
    }
    for name, entry in truth.items():
        for object_name, columns in entry["objects"].items():
            assert columns.items() <= found[name][object_name].items()
    dates = {entry.file.name: entry.dates.format for entry in proposal.exports}
    assert dates == {name: entry.get("dates") for name, entry in truth.items()}
    assert {entry.file.name for entry in proposal.exports if entry.decimal[0] == ","} == {
        "All opportunities.csv",
        "Opportunity products.csv",
    }


def test_file_names_do_not_matter(exports, tmp_path):
    folder, truth = exports
    for place, name in enumerate(sorted(truth)):
        shutil.copy(folder / name, tmp_path / f"download ({place}).csv")
    found = {entry.file.name: {one.object_name for one in entry.objects} for entry in propose(tmp_path).exports}
    assert found == {f"download ({place}).csv": set(truth[name]["objects"]) for place, name in enumerate(sorted(truth))}


def test_the_proposal_does_not_depend_on_the_order_of_rows(warehouse, tmp_path):
    for file in warehouse.glob("*.csv"):
        header, *rows = file.read_text(encoding="utf-8").splitlines(keepends=True)
        (tmp_path / file.name).write_text(header + "".join(reversed(rows)), encoding="utf-8")
    assert [entry.objects for entry in propose(tmp_path).exports] != []
    written = [
        init(folder, tmp_path / "out" / f"{n}.yaml")[1].read_text() for n, folder in enumerate((warehouse, tmp_path))
    ]
    maps = [yaml.safe_load(text)["columns"] for text in written]
    assert maps[0] == maps[1]


def test_the_raw_layout_needs_no_map(layout):
    proposal, params = read_proposed(layout)
    assert proposal.is_complete
    assert "columns" not in params
    assert "fields" not in params
    assert params["as_of"].isoformat() == "2026-10-31"
    assert params["source"]["stripe"] == params["source"]["salesforce"] == {"kind": "files", "path": "."}


def test_the_raw_layout_may_lie_in_raw(layout, tmp_path):
    shutil.move(layout, tmp_path / "close" / "raw")
    assert propose(tmp_path / "close").is_complete


def test_exports_beside_raw_are_to_be_moved_into_it(layout, exports, tmp_path):
    shutil.rmtree(layout / "salesforce")
    shutil.move(layout, tmp_path / "mine" / "raw")
    for name in ("All opportunities.csv", "Accounts with status.csv"):
        shutil.copy(exports[0] / name, tmp_path / "mine" / name)
    proposal = propose(tmp_path / "mine")
    assert not proposal.is_complete
    assert "move it there" in proposal.findings.unused["All opportunities.csv"]
    for name in ("All opportunities.csv", "Accounts with status.csv"):
        shutil.move(tmp_path / "mine" / name, tmp_path / "mine" / "raw" / name)
    proposal, params = read_proposed(tmp_path / "mine")
    assert proposal.is_complete
    assert sorted(params["columns"]) == ["Accounts with status.csv", "All opportunities.csv"]


def test_custom_fields_become_overrides(layout):
    names = {"Contract_Start_Date__c": "Service_Start__c", "Amount": "ARR__c"}
    rewrite(layout / "salesforce" / "Opportunity.csv", renamed(folders.salesforce_rows("Opportunity"), names))
    accounts = renamed(folders.salesforce_rows("Account"), {"Stripe_Customer_ID__c": "Payment_Profile__c"})
    rewrite(layout / "salesforce" / "Account.csv", accounts)
    proposal, params = read_proposed(layout)
    assert proposal.is_complete
    assert params["fields"] == {
        "account": {"stripe_customer_id": ["Payment_Profile__c"]},
        "contract": {"start_on": ["Service_Start__c", "Contract.StartDate", "CloseDate"], "amount": ["ARR__c"]},
    }
    assert "Amount_Basis__c" in proposal.findings.layout[3].file.header
    assert {match.confidence for _, match in proposal.overrides["account"].values()} == {0.55}
    assert len(proposal.doubts) == 3


def test_a_required_field_of_the_layout_that_is_missing_is_asked_for(layout):
    rows = [{key: row[key] for key in row if key != "CloseDate"} for row in folders.salesforce_rows("Opportunity")]
    rewrite(layout / "salesforce" / "Opportunity.csv", rows)
    (request,) = propose(layout).requests
    assert request.message == (
        "salesforce/Opportunity.csv has no column CloseDate: add it to the export, or name the column that holds it in "
        "fields.contract.close_on."
    )


def test_json_lines_and_a_report_go_together(layout, exports):
    shutil.rmtree(layout / "salesforce")
    for name in ("All opportunities.csv", "Accounts with status.csv"):
        shutil.copy(exports[0] / name, layout / name)
    proposal, params = read_proposed(layout)
    assert proposal.is_complete
    assert sorted(params["columns"]) == ["Accounts with status.csv", "All opportunities.csv"]
    assert read_params(layout / "params.yaml").columns["All opportunities.csv"].dates == "%d/%m/%Y"


def test_accounts_are_found_inside_a_report_of_opportunities(tmp_path):
    folder = small_folder(tmp_path, opportunities=[opportunity(**{"Account Name": "Redfern"})], accounts=[])
    proposal = propose(folder)
    assert proposal.is_complete
    objects = {one.object_name: one.headers for entry in proposal.exports for one in entry.objects}
    assert objects["salesforce/Account"] == {"Id": "Account ID", "Name": "Account Name"}


def test_what_an_amount_stands_for_is_told_by_its_name(tmp_path):
    sold = opportunity(ARR="126.00")
    del sold["Amount"]
    proposal, params = read_proposed(small_folder(tmp_path, opportunities=[sold]))
    assert proposal.is_complete
    assert params["policy"]["amount_basis"] == "annual"
    assert params["columns"]["won.csv"]["objects"]["salesforce/Opportunity"]["Amount"] == "ARR"


def test_open_dates_follow_the_currency_and_say_so(tmp_path):
    for currency, style in (("USD", "%m/%d/%Y"), ("EUR", "%d/%m/%Y")):
        sold = opportunity(**{"Close Date": "04/03/2026", "Amount Currency": currency})
        proposal = propose(small_folder(tmp_path / currency, opportunities=[sold]))
        assert next(entry for entry in proposal.exports if entry.file.name == "won.csv").dates.format == style
        assert any("cannot be told apart" in doubt for doubt in proposal.doubts)


def test_open_dates_follow_the_other_files_of_the_system(tmp_path):
    sold = opportunity(**{"Close Date": "04/03/2026", "Amount Currency": "USD"})
    account = {"Account ID": ACCOUNT, "Account Name": "Redfern", "Created Date": "31/12/2025"}
    proposal = propose(small_folder(tmp_path, opportunities=[sold], accounts=[account]))
    assert {entry.file.name: entry.dates.format for entry in proposal.exports}["won.csv"] == "%d/%m/%Y"
    assert not proposal.doubts


# newest date in the data, as_of proposed, whether it asks to look
AS_OF = [
    ("2026-09-30", "2026-09-30", False),
    ("2026-10-15", "2026-09-30", False),
    ("2026-10-30", "2026-09-30", True),
    ("2026-03-01", "2026-02-28", False),
    ("2026-12-31", "2026-12-31", False),
]


@pytest.mark.parametrize(("newest", "as_of", "doubtful"), AS_OF)
def test_as_of_is_the_last_month_end_seen(tmp_path, newest, as_of, doubtful):
    folder = small_folder(tmp_path, opportunities=[opportunity(**{"Close Date": "2031-01-31"})])
    for name in ("a.csv", "b.csv", "c.csv"):
        file = folder / name
        file.write_text(file.read_text().replace("2026-09-30", newest))
    proposal = propose(folder)
    assert proposal.as_of.value == as_of
    assert any(doubt.startswith("as_of") for doubt in proposal.doubts) == doubtful


def test_test_mode_is_seen(layout):
    for file in (layout / "stripe").iterdir():
        file.unlink()
    for name in ("customers", "subscriptions", "invoices"):
        lines = [json.dumps({**found, "livemode": False}) for found in folders.stripe_objects(name)]
        (layout / "stripe" / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert propose(layout).policy["stripe_mode"][0] == "test"


def test_stages_that_do_not_look_won_are_asked_about(tmp_path):
    folder = small_folder(tmp_path, opportunities=[opportunity(Stage="Live"), opportunity(Stage="Parked")])
    (request,) = propose(folder).requests
    assert "policy.won_values" in request.message
    assert "Live (1), Parked (1)" in request.message


def test_a_summary_table_over_the_same_records_is_left_out(warehouse, tmp_path):
    shutil.copytree(warehouse, tmp_path / "w")
    overview = [{key: row[key] for key in ("customer_id", "email")} for row in folders.warehouse_customers()]
    rewrite(tmp_path / "w" / "stripe__customer_overview.csv", [{**row, "total_sales": "1"} for row in overview])
    proposal = propose(tmp_path / "w")
    assert proposal.is_complete
    assert "same records as stg_stripe__customers.csv" in proposal.findings.unused["stripe__customer_overview.csv"]


def test_monthly_exports_of_one_kind_are_all_used(warehouse, tmp_path):
    shutil.copytree(warehouse, tmp_path / "w")
    invoices = tmp_path / "w" / "stg_stripe__invoices.csv"
    shutil.copy(invoices, invoices.with_name("stg_stripe__invoices_2026-10.csv"))
    assert len(propose(tmp_path / "w").exports) == len(folders.WAREHOUSE) + 1


def test_dollars_in_a_warehouse_stay_dollars(warehouse, tmp_path):
    shutil.copytree(warehouse, tmp_path / "w")
    rows = [{**row, "plan_amount": f"{row['plan_amount'] / 100:.2f}"} for row in folders.warehouse_subscriptions()]
    rewrite(tmp_path / "w" / "stg_stripe__subscriptions.csv", rows)
    minor = {entry.file.name: bool(entry.minor) for entry in propose(tmp_path / "w").exports}
    assert minor["stg_stripe__invoices.csv"]
    assert not minor["stg_stripe__subscriptions.csv"]


# --- what it asks for


def cut(source, target, file_name, columns):
    """Copy a folder, without some columns of one file."""
    shutil.copytree(source, target)
    file = target / file_name
    encoding = "cp1252" if " " in file_name else "utf-8"
    with file.open(encoding=encoding, newline="") as lines:
        rows = list(csv.reader(lines))
    kept = [place for place, name in enumerate(rows[0]) if name not in columns]
    with file.open("w", encoding=encoding, newline="") as lines:
        whole = [[row[place] for place in kept] if len(row) == len(rows[0]) else row for row in rows]
        csv.writer(lines).writerows(whole)
    return target


@pytest.fixture(scope="session")
def shortened(tmp_path_factory, warehouse, exports):
    """Both folders with the first rows of each file, and their proposals."""
    short = {}
    for kind, source in (("warehouse", warehouse), ("exports", exports[0])):
        folder = tmp_path_factory.mktemp(kind)
        for file in source.glob("*.csv"):
            lines = file.read_bytes().splitlines(keepends=True)
            (folder / file.name).write_bytes(b"".join(lines[:80]))
        short[kind] = folder, propose(folder)
    return short


def removals():
    return [(name, group) for name in REQUIRED_OBJECTS for group in REQUIRED_FIELDS[name]]


@pytest.mark.parametrize(("object_name", "group"), removals(), ids=str)
@pytest.mark.parametrize("kind", ["warehouse", "exports"])
def test_a_missing_column_is_asked_for_by_name_and_nothing_else(kind, object_name, group, tmp_path, shortened):
    source, proposal = shortened[kind]
    found = next(one for entry in proposal.exports for one in entry.objects if one.object_name == object_name)
    gone = {found.headers[field] for field in group if field in found.headers}
    stand_ins = {name.lower() for field in group for name in STAND_INS.get((object_name, field), ())}
    gone |= {name for name in found.file.header if name.lower() in stand_ins}
    proposal = propose(cut(source, tmp_path / "cut", found.file.name, gone))
    (asked,) = proposal.requests
    assert (asked.object_name, asked.file, asked.field) == (object_name, found.file.name, group[0])
    assert asked.message.startswith(f"{found.file.name} has no column for {' or '.join(group)} of ")
    assert any(repr(name) in asked.message for name in gone)


@pytest.mark.parametrize("object_name", REQUIRED_OBJECTS)
def test_a_missing_file_is_asked_for_and_nothing_else(shortened, tmp_path, object_name):
    folder, whole = shortened["warehouse"]
    found = next(one for entry in whole.exports for one in entry.objects if one.object_name == object_name)
    shutil.copytree(folder, tmp_path / "w")
    (tmp_path / "w" / found.file.name).unlink()
    (asked,) = propose(tmp_path / "w").requests
    assert (asked.object_name, asked.file) == (object_name, None)
    assert asked.message.startswith("No file has ")
    assert "export" in asked.message


def test_an_optional_object_that_lacks_a_column_does_not_hold_up_a_close(exports, tmp_path):
    folder = cut(exports[0], tmp_path / "cut", "Opportunity products.csv", {"Opportunity ID"})
    proposal = propose(folder)
    assert proposal.is_complete
    assert proposal.findings.unused == {
        "Opportunity products.csv": "holds opportunity products, which a close can do without; to use it, add "
        "'Opportunity ID'"
    }


# --- what it leaves alone


def run(runner, *arguments):
    return runner.invoke(app, ["init", *map(str, arguments)])


@pytest.fixture
def runner():
    return CliRunner()


def test_the_command_says_what_to_run_next(runner, tmp_path):
    folder = small_folder(tmp_path / "mine", opportunities=[opportunity()])
    result = run(runner, folder)
    assert result.exit_code == 0
    assert f"recon close --params {folder / 'params.yaml'}" in result.output
    assert read_params(folder / "params.yaml").as_of.isoformat() == "2026-09-30"


def test_an_existing_file_is_never_overwritten(runner, tmp_path):
    folder = small_folder(tmp_path / "mine", opportunities=[opportunity()])
    (folder / "params.yaml").write_text("mine", encoding="utf-8")
    before = {file: file.read_bytes() for file in folder.rglob("*")}
    result = run(runner, folder)
    assert result.exit_code == 1
    assert "never overwritten" in result.output
    assert {file: file.read_bytes() for file in folder.rglob("*")} == before
    assert run(runner, folder, "--out", tmp_path / "params" / "mine.yaml").exit_code == 0


def test_a_dangling_link_is_not_written_through(tmp_path):
    folder = small_folder(tmp_path / "mine", opportunities=[opportunity()])
    (folder / "params.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(SettingsError, match="never overwritten"):
        init(folder)
    assert not (tmp_path / "elsewhere.yaml").exists()


def test_prices_of_the_api_stand_in_for_amounts_of_subscriptions(tmp_path):
    folder = small_folder(tmp_path, opportunities=[opportunity()])
    subscriptions = [
        {"id": f"sub_abcdefgh{n}", "Customer ID": f"cus_abcdefgh{n}", "Plan": "price_abcdefgh"} for n in "123"
    ]
    told = {"Status": "active", "Currency": "usd", "Created (UTC)": "2026-09-30"}
    rewrite(folder / "b.csv", [{**row, **told} for row in subscriptions])
    assert [asked.field for asked in propose(folder).requests] == ["plan.amount", "plan.interval"]
    (folder / "stripe").mkdir()
    (folder / "stripe" / "prices.jsonl").write_text('{"object":"price","id":"price_abcdefgh"}\n', encoding="utf-8")
    assert propose(folder).is_complete


def test_what_is_missing_ends_with_1_and_stands_in_the_file(runner, tmp_path):
    sold = opportunity()
    del sold["Account ID"]
    folder = small_folder(tmp_path / "mine", opportunities=[sold])
    result = run(runner, folder)
    assert result.exit_code == 1
    message = "won.csv has no column for AccountId of Salesforce opportunities: add 'Account ID' to the report."
    assert message in result.output
    text = (folder / "params.yaml").read_text(encoding="utf-8")
    assert f"# MISSING: {message}" in text
    assert "        # AccountId: Account ID  # MISSING" in text
    read_params(folder / "params.yaml")


def test_as_of_may_be_given(runner, tmp_path):
    folder = small_folder(tmp_path / "mine", opportunities=[opportunity()])
    assert run(runner, folder, "--as-of", "31.10.2026").exit_code == 1
    assert not (folder / "params.yaml").exists()
    assert run(runner, folder, "--as-of", "2026-10-31").exit_code == 0
    assert read_params(folder / "params.yaml").as_of.isoformat() == "2026-10-31"


def test_paths_are_relative_and_closes_are_not_read_again(tmp_path):
    folder = small_folder(tmp_path / "mine", opportunities=[opportunity()])
    inside = read_params(init(folder)[1])
    outside = read_params(init(folder, tmp_path / "params" / "mine.yaml")[1])
    for params in (inside, outside):
        assert not params.source.stripe.path.startswith("/")
        assert params.resolve(params.source.stripe.path) == folder.resolve()
        for written in (params.closes_dir, params.decisions):
            assert not params.resolve(written).is_relative_to(folder.resolve())
    close = folder / "2026-09-30"
    shutil.copytree(folder, close / "raw" / "exports", ignore=shutil.ignore_patterns("params.yaml", "2026*"))
    (close / "manifest.json").write_text("{}", encoding="utf-8")
    assert {entry.file.name for entry in propose(folder).exports} == {"a.csv", "b.csv", "c.csv", "d.csv", "won.csv"}


def test_comments_name_no_person(exports, tmp_path):
    text = init(exports[0], tmp_path / "p.yaml")[1].read_text(encoding="utf-8")
    people = {row["Email"] for row in folders.salesforce_rows("Contact")} | {
        row[key] for row in folders.salesforce_rows("Account") for key in ("Owner.Name", "Owner.Email", "Name", "Phone")
    }
    assert not [person for person in people if person and person in text]


def test_odd_headers_stay_readable_yaml(tmp_path):
    odd = {"Won: yes, [no] #1": "1", "no": "x", "émile\u0085": "y", "- a": "z", "'q\"": "w", "null": "v"}
    proposal, params = read_proposed(small_folder(tmp_path / "a, b", opportunities=[opportunity(**odd)]))
    assert proposal.is_complete
    assert params["columns"]["won.csv"]["objects"]["salesforce/Opportunity"]["Id"] == "Opportunity ID"


def test_ledger_and_bank_are_seen_and_not_used(runner, tmp_path):
    folder = small_folder(tmp_path / "mine", opportunities=[opportunity()])
    rewrite(folder / "ledger" / "gl.csv", [{"Account ID": ACCOUNT, "Amount": "1"}])
    result = run(runner, folder)
    assert "seen, not used by this version yet" in result.output
    assert read_params(folder / "params.yaml").source.ledger.kind == "none"


def workbook(file):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")


def outward_link(file):
    outside = file.parent.parent / "outside.csv"
    outside.write_text("Account ID,Account Name\n", encoding="utf-8")
    file.symlink_to(outside)


# name, how it is made, what is said
BAD_FILES = [
    ("x.csv", lambda file: file.write_bytes(b""), "is empty"),
    ("x.csv", lambda file: file.write_bytes(b"\n \n"), "is empty"),
    ("x.csv", lambda file: file.write_bytes(b"\xef\xbb\xbf"), "empty"),
    ("x.csv", lambda file: file.write_bytes(b"Account ID,Account Name\n"), "no records"),
    ("x.csv", lambda file: file.write_bytes(bytes(range(256)) * 40), "is no text"),
    ("x.csv", workbook, "Excel workbook"),
    ("x.xlsx", workbook, "Excel workbook"),
    ("x.pdf", lambda file: file.write_bytes(b"%PDF-1.7"), "is a PDF"),
    ("x.csv.gz", lambda file: file.write_bytes(gzip.compress(b"a,b\n1,2\n")), "is compressed"),
    ("x.json", lambda file: file.write_text('{"data": []}'), "one object a line"),
    ("x.png", lambda file: file.write_text("a,b\n1,2\n"), "none of the files"),
    ("x.csv", lambda file: file.write_text("Id,Id\n1,2\n"), "more than once"),
    ("x.csv", lambda file: file.write_text("hello\nworld\n"), "known"),
    ("x.csv", lambda file: file.write_text("a,b\n1,2\n"), "known"),
    ("x.csv", outward_link, "leaves the folder"),
    ("x.jsonl", lambda file: file.write_text('{"object":"customer","id":"cus_1"}\n'), "stripe/customers.jsonl"),
    ("x.jsonl", lambda file: file.write_text("not json\n"), "raw layout"),
    ("stripe/customers.jsonl.gz", lambda file: file.write_bytes(gzip.compress(b"{}\n" * 99)[:-9]), "cannot be read"),
    ("stripe/people.jsonl", lambda file: file.write_text('{"object":"customer"}\n'), "stripe/customers.jsonl"),
]


@pytest.mark.parametrize(("name", "make", "said"), BAD_FILES)
def test_a_file_that_cannot_be_used_gets_words(tmp_path, name, make, said):
    folder = small_folder(tmp_path / "mine", opportunities=[opportunity()])
    (folder / name).parent.mkdir(exist_ok=True)
    make(folder / name)
    proposal, file = init(folder)
    assert said in proposal.findings.unused[name]
    assert name in summary(proposal, file)
    assert proposal.is_complete


def test_a_folder_of_nothing_gets_words_and_no_file(runner, tmp_path):
    assert "There is no folder" in run(runner, tmp_path / "absent").output
    assert "holds no files" in run(runner, tmp_path).output
    (tmp_path / "x.pdf").write_bytes(b"%PDF")
    result = run(runner, tmp_path)
    assert result.exit_code == 1
    assert "x.pdf is a PDF" in result.output
    assert not (tmp_path / "params.yaml").exists()
    assert "There is no folder" in run(runner, tmp_path / "x.pdf").output


def test_of_a_huge_file_only_the_beginning_is_read(tmp_path):
    folder = small_folder(tmp_path, opportunities=[opportunity()] * 60_000)
    with (folder / "won.csv").open("a", encoding="utf-8") as file:
        file.write("x" * 3_000_000)
    found = next(entry.file for entry in propose(folder).exports if entry.file.name == "won.csv")
    assert found.rows.height == 2_000
    assert found.row_count == "the first 2,000"


def test_a_report_may_have_a_title_and_footers_in_cp1252(tmp_path):
    folder = small_folder(tmp_path, opportunities=[])
    text = (
        "Won deals Zürich\r\n\r\nOpportunity ID;Account ID;Stage;Amount;Close Date\r\n"
        f"{OPPORTUNITY};{ACCOUNT};Gewonnen – Köln;1.234,50;30.09.2026\r\n"
        "Grand Totals (1 records)\r\n\r\nCopyright (c) 2000-2026 salesforce.com, inc.\r\nGenerated By: Ö  31.10.2026 09:14\r\n"
    )
    (folder / "won.csv").write_bytes(text.encode("cp1252"))
    proposal, params = read_proposed(folder)
    assert proposal.is_complete
    entry = params["columns"]["won.csv"]
    assert (entry["dates"], entry["decimal"]) == ("%d.%m.%Y", ",")
    assert params["as_of"].isoformat() == "2026-10-31"
    assert "Gewonnen – Köln" in read_policy(read_params(folder / "params.yaml")).won_values
