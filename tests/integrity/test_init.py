"""What `recon init` proposes, a close accepts without editing: exports by hand, warehouse tables, custom fields."""

import shutil

import polars as pl
import pytest

from recon_kit.params import read_params
from tests import init_folders as folders
from tests.whole_close import recon, run_cells, table, write_params
from tests.world.render_exports import export_by_hand

COMPARED = ("accounts", "contracts", "customers", "subscriptions", "invoices", "gaps")


def proposed_close(folder, close):
    """Propose params by the command, and run the notebooks on them as they are."""
    result = recon("init", str(folder))
    assert result.returncode == 0, result.stdout + result.stderr
    run_cells(folder / "params.yaml", close)
    return close


def accepted(close, object_name):
    return table(close, "buckets").filter(object=object_name, bucket="accepted")["rows"].sum()


def test_exports_by_hand(tmp_path):
    folder = tmp_path / "downloads"
    columns = export_by_hand(folders.SAMPLE, folder)
    close = proposed_close(folder, tmp_path / "proposed")
    known = write_params(tmp_path / "known", folder, columns=columns)
    by_hand = run_cells(known, tmp_path / "by-hand")
    for name in COMPARED:
        assert table(close, name).equals(table(by_hand, name)), name
    assert table(close, "gaps").height >= 39, "what exports can show of the 42 planted"


def test_warehouse_tables(tmp_path, sample_close):
    folder = folders.warehouse_folder(tmp_path / "dbt")
    close = proposed_close(folder, tmp_path / "proposed")
    assert table(close, "quarantine").is_empty()
    assert accepted(close, "subscriptions") == accepted(sample_close, "subscriptions")
    assert accepted(close, "Account") == len(folders.warehouse_accounts())
    told = ["contract_id", "amount_minor", "currency", "start_on", "is_won"]
    named = [name for name in told if name in table(close, "contracts").columns]
    ours, theirs = (table(one, "contracts").select("opportunity_id", *named) for one in (close, sample_close))
    both = ours.join(theirs, on="opportunity_id", suffix="_sample", validate="1:1")
    assert both.height == ours.height
    assert both["amount_minor"].equals(both["amount_minor_sample"], check_names=False)
    assert both["is_won"].equals(both["is_won_sample"], check_names=False)
    billed, sample = (table(one, "invoices").select("invoice_id", "total_minor") for one in (close, sample_close))
    totals = billed.join(sample, on="invoice_id", suffix="_sample", validate="1:1")
    assert totals.height == billed.height
    assert totals["total_minor"].equals(totals["total_minor_sample"], check_names=False)


@pytest.mark.soak
def test_custom_fields_give_the_same_figures(tmp_path, sample_close):
    folder = tmp_path / "company"
    for part in ("stripe", "salesforce"):
        shutil.copytree(folders.SAMPLE / part, folder / part)
    rename(folder, "Opportunity", {"Contract_Start_Date__c": "Service_Start__c", "Contract_End_Date__c": "Term_End__c"})
    rename(folder, "Account", {"Stripe_Customer_ID__c": "Payment_Profile__c"})
    close = proposed_close(folder, tmp_path / "proposed")
    params = read_params(folder / "params.yaml")
    assert params.fields["account"] == {"stripe_customer_id": ["Payment_Profile__c"]}
    for name in COMPARED:
        ours, theirs = (
            table(one, name).select(pl.exclude("start_on_source", "end_on_source")) for one in (close, sample_close)
        )
        assert ours.equals(theirs), name


def rename(folder, object_name, names):
    rows = folders.salesforce_rows(object_name)
    renamed = [{names.get(key, key): value for key, value in row.items()} for row in rows]
    folders.write_table(folder / "salesforce" / f"{object_name}.csv", renamed)


def test_a_close_stops_at_what_is_missing(tmp_path):
    folder = folders.warehouse_folder(tmp_path / "dbt", without=[("stg_stripe__invoices.csv", "created_at")])
    proposed = recon("init", str(folder))
    assert proposed.returncode == 1
    assert "add 'created_at' to the table" in proposed.stdout
    closed = recon("close", "--params", str(folder / "params.yaml"), "--no-progress")
    assert closed.returncode == 1
    assert "stg_stripe__invoices.csv: stripe/invoices" in closed.stderr
    assert "created" in closed.stderr
