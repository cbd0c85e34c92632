"""Spec 09, `recon doctor`: each line is well or says what to do; nothing is written; no value of a secret is told."""

import pytest
from typer.testing import CliRunner

from recon_kit.cli import app
from recon_kit.commands import doctor
from recon_kit.extract.set_up import finding, salesforce, stripe
from recon_kit.params import SAMPLE_FOLDER
from recon_kit.policy import SettingsError
from tests.loopback import salesforce_server, stripe_server
from tests.pulling_salesforce import HASTE, SECRETS, environment

KEY = "rk_live_canary0123456789abcdef"


@pytest.fixture(autouse=True)
def haste(monkeypatch):
    monkeypatch.setattr(stripe, "QUICK", HASTE)
    monkeypatch.setattr(salesforce, "QUICK", HASTE)


@pytest.fixture
def settings(tmp_path):
    """Writes a params file: kinds of stripe and salesforce, and what else it says."""

    def write(stripe_kind, salesforce_kind, more=""):
        file = tmp_path / "params.yaml"
        kinds = f"{{stripe: {{{stripe_kind}}}, salesforce: {{{salesforce_kind}}}}}"
        file.write_text(f"as_of: 2026-10-31\ncloses_dir: closes\nsource: {kinds}\n{more}", encoding="utf-8")
        return file

    return write


def lines(params, given):
    """What doctor says, a line each."""
    return [str(found) for found in doctor.examine(params, given)]


def to_do(told):
    return [line for line in told if not line.startswith("ok")]


def test_the_sample_needs_nothing(settings):
    told = lines(settings("kind: sample", "kind: sample"), {})
    assert to_do(told) == []
    about = [line.split(": ")[0].split()[-1] for line in told]
    assert about == ["params", "disk", "libraries", "stripe", "salesforce", "alerts"]


ROUTED = "policy: {routes: {expansion: {RevOps: SLACK_REVOPS}}}"
ADDRESS = "json://token-canary@127.0.0.1:9/hook"
ALERTS = [
    ("an address", "", {"RECON_ALERT_REVOPS": ADDRESS}, "ok     alerts: RECON_ALERT_REVOPS holds an address"),
    (
        "the owner's",
        "",
        {"RECON_ALERT_OWNER": "mailto://u:p@example.com?to={owner_email}"},
        "ok     alerts: RECON_ALERT_OWNER",
    ),
    (
        "none at all",
        "",
        {"RECON_ALERT_REVOPS": "token-canary"},
        "to do  alerts: RECON_ALERT_REVOPS: it holds no address",
    ),
    (
        "a misspelt team",
        "",
        {"RECON_ALERT_REVOP": ADDRESS},
        "note   alerts: RECON_ALERT_REVOP is set, but no route uses it",
    ),
    ("a route's own", ROUTED, {"SLACK_REVOPS": ADDRESS}, "ok     alerts: SLACK_REVOPS holds an address"),
    ("a route without", ROUTED, {}, "note   alerts: the policy routes to SLACK_REVOPS, which is not set"),
    ("a route of nothing", ROUTED.replace("expansion", "expand"), {}, "to do  alerts: the policy routes 'expand'"),
]


@pytest.mark.parametrize(("more", "given", "words"), [row[1:] for row in ALERTS], ids=[row[0] for row in ALERTS])
def test_where_alerts_go_is_looked_at_without_telling_it(more, given, words, settings):
    told = [line for line in lines(settings("kind: sample", "kind: sample", more), given) if " alerts: " in line]
    assert [line for line in told if line.startswith(words)], told
    assert "canary" not in "".join(told)


@pytest.fixture(scope="module")
def salesforce_url():
    with salesforce_server(SAMPLE_FOLDER, client_secret=SECRETS["SALESFORCE_CLIENT_SECRET"]) as url:
        yield url


@pytest.fixture(scope="module")
def stripe_url():
    with stripe_server(SAMPLE_FOLDER) as url:
        yield url


def test_a_whole_set_up_is_well_and_stays_as_it_is(settings, stripe_url, salesforce_url, tmp_path, monkeypatch):
    params = settings("kind: api", "kind: api")
    for name, value in (
        environment(salesforce_url) | {"STRIPE_API_KEY": KEY, "RECON_STRIPE_API_BASE": stripe_url}
    ).items():
        monkeypatch.setenv(name, value)
    ran = CliRunner().invoke(app, ["doctor", "--params", str(params)])
    assert ran.exit_code == 0, ran.output
    assert not [secret for secret in (KEY, *SECRETS.values()) if secret in ran.output]
    assert list(tmp_path.rglob("*")) == [params], "it wrote something"
    for expected in (
        "ok     Stripe: STRIPE_API_KEY is set and is a live key",
        "ok     Stripe: invoices can be read",
        "ok     Stripe: at most 80 requests a second",
        "ok     Stripe: this machine's clock agrees to 0 seconds",
        "ok     Salesforce: SALESFORCE_CLIENT_SECRET is set",
        "ok     Salesforce: logged in at acme.my.salesforce.com",
        "ok     Salesforce: Opportunity can be read: 29 fields, 178 rows",
        "DailyApiRequests left for these 24 hours",
        "note   Salesforce: Opportunity: no field for billing_system (Billing_System__c), product",
        "All is set up.",
    ):
        assert expected in ran.output
    assert salesforce_url.control("jobs") == []


#   options of the server                          environment besides                          what the line says
STRIPE = [
    ({},                                            {"STRIPE_API_KEY": ""},                      "STRIPE_API_KEY is not set"),
    ({},                                            {"STRIPE_API_KEY": "pk_live_x"},             "no secret or restricted key"),
    ({},                                            {"STRIPE_API_KEY": "rk_test_x"},             "holds a test key, but policy stripe_mode is live"),
    ({"keys": {KEY: {"status": "expired"}}},        {},                                          "Stripe refuses the key in STRIPE_API_KEY"),
    ({"keys": {KEY: {"without": ["rak_charge_read", "rak_customer_read"]}}}, {},                 "charges: the key may not read them"),
    ({"keys": {KEY: {"without": ["rak_charge_read", "rak_customer_read"]}}}, {},                 "rak_customer_read"),
    ({"clock_skew": 3_700},                         {},                                          "seconds behind the system's"),
    ({},                                            {"RECON_STRIPE_API_BASE": "http://10.0.0.1"}, "RECON_STRIPE_API_BASE must be an https address"),
    ({},                                            {"RECON_STRIPE_API_BASE": "http://127.0.0.1:9"}, "3 tries (no answer to GET /v1/invoices: Failed to establish"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "around", "words"), STRIPE)
def test_what_is_wrong_with_stripe_is_told(options, around, words, settings):
    params = settings("kind: api", "kind: sample")
    with stripe_server(SAMPLE_FOLDER, **options) as url:
        told = lines(params, {"STRIPE_API_KEY": KEY, "RECON_STRIPE_API_BASE": url} | around)
    faults = [line for line in told if line.startswith("to do")]
    assert any(words in line for line in faults), told
    assert not any(KEY in line for line in told)


HIDDEN = {"Account": ["Name", "VAT_Number__c"], "Opportunity": ["IsWon", "StageName"]}
SALESFORCE = [
    ({},                                {"SALESFORCE_CLIENT_SECRET": ""},                 "SALESFORCE_CLIENT_SECRET not set"),
    ({"client_id": "another"},          {},                                               "refuses the login by client credentials (invalid_client_id: client identifier invalid)"),
    ({"faults": [{"kind": "html_502", "subject": "token", "times": None}]}, {},           "the login was answered with 502"),
    ({"without": ["Account"]},          {},                                               "does not show the required object Account"),
    ({"hidden": HIDDEN},                {},                                               "Account has no field Name that this user may see"),
    ({"hidden": HIDDEN},                {},                                               "Opportunity has no field IsWon"),
    ({"daily": 1_200},                  {},                                               "of 15,000 DailyApiRequests left"),
    ({"clock_skew": -500},              {},                                               "seconds ahead of the system's"),
    ({"faults": [{"kind": "403", "subject": "query:Contact", "times": None}]}, {},        "Contact: cannot be queried"),
    ({},                                {"RECON_SALESFORCE_BASE_URL": "http://127.0.0.1:9"}, "no usable answer in 3 tries"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "around", "words"), SALESFORCE)
def test_what_is_wrong_with_salesforce_is_told(options, around, words, settings):
    params = settings("kind: sample", "kind: api")
    with salesforce_server(SAMPLE_FOLDER, **options) as url:
        told = lines(params, environment(url) | around)
    faults = [line for line in told if line.startswith("to do")]
    assert any(words in line for line in faults), told
    assert not any(secret in line for line in told for secret in SECRETS.values())


#   options of the server              what else is in the params                     what the line says
NOTES = [
    ({"without": ["Contract"]},          "",                                            "Contract: this user does not see it"),
    ({"instance": "a--uat.sandbox.my.salesforce.com"}, "",                               "this is a sandbox, but policy stripe_mode is live"),
    ({},                                 "policy: {stripe_mode: test}",                  "this is a production org, but policy stripe_mode is test"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "more", "words"), NOTES)
def test_what_a_pull_can_do_without_is_noted_and_no_fault(options, more, words, settings):
    params = settings("kind: sample", "kind: api", more)
    with salesforce_server(SAMPLE_FOLDER, **options) as url:
        told = lines(params, environment(url))
    assert not [line for line in told if line.startswith("to do")]
    assert any(line.startswith("note") and words in line for line in told), told


def test_an_override_of_the_field_map_that_finds_nothing_is_a_fault(settings, salesforce_url):
    params = settings("kind: sample", "kind: api", "fields: {contract: {start_on: [Start__c]}}")
    told = lines(params, environment(salesforce_url))
    assert [line for line in told if line.startswith("to do") and "fields.contract.start_on" in line]


def test_a_token_login_is_noted_as_retired(settings, salesforce_url):
    given = dict.fromkeys(("SALESFORCE_USERNAME", "SALESFORCE_PASSWORD", "SALESFORCE_SECURITY_TOKEN"), "x")
    told = lines(settings("kind: sample", "kind: api"), given | {"RECON_SALESFORCE_BASE_URL": salesforce_url})
    assert any(line.startswith("note") and "retires the login" in line for line in told)
    assert any("accepts API version 64.0" in line for line in told)


#   the source                     what lies there                        what the line says
FOLDERS = [
    ("kind: files, path: absent",    [],                                     "there is no folder 'absent'"),
    ("kind: files, path: given",     ["stripe/customers.jsonl"],             "required files are missing: stripe/subscriptions, stripe/invoices"),
    ("kind: files, path: given",     ["raw/stripe/customers.jsonl.gz"],      "required files are missing: stripe/subscriptions, stripe/invoices"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "files", "words"), FOLDERS)
def test_folders_are_looked_at(source, files, words, settings, tmp_path):
    for name in files:
        (tmp_path / "given" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "given" / name).touch()
    told = to_do(lines(settings(source, "kind: sample"), {}))
    assert len(told) == 1
    assert words in told[0]


def test_an_export_that_columns_names_must_be_there(settings):
    columns = "columns: {deals.csv: {objects: {salesforce/Opportunity: {Id: Deal}}}}"
    told = to_do(lines(settings("kind: sample", "kind: sample", columns), {}))
    assert len(told) == 1
    assert "deals.csv" in told[0]


def test_faults_of_the_params_stop_it(settings):
    params = settings("kind: sample", "kind: sample", "no_such_key: 1")
    with pytest.raises(SettingsError, match="no_such_key"):
        lines(params, {})
    ran = CliRunner().invoke(app, ["doctor", "--params", str(params)])
    assert ran.exit_code == 1


def test_what_is_to_do_ends_with_one(settings):
    ran = CliRunner().invoke(app, ["doctor", "--params", str(settings("kind: files, path: absent", "kind: sample"))])
    assert ran.exit_code == 1
    assert "1 thing(s) to do before a close" in ran.output


def test_other_versions_than_the_lock_s_are_told(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("polars==1.0.0 ; python_full_version == '3.11.*' \\\n    --hash=sha256:00\nstripe==1.2.3\n")
    told = str(doctor._library_finding(lock))
    assert told.startswith("to do  libraries: other versions than the kit was tested with: polars ")
    assert "(locked 1.0.0), stripe " in told
    assert str(doctor._library_finding(tmp_path / "absent.lock")).startswith("note")


def test_a_full_disk_is_told(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "_LEAST_FREE", 10**6)
    assert "Make room." in str(doctor._disk_finding(tmp_path / "closes"))


#   their clock, seconds from ours       state
CLOCKS = [(0, "ok"), (60, "ok"), (-60, "ok"), (63, "to do"), (-63, "to do"), (None, "note")]


@pytest.mark.parametrize(("apart", "state"), CLOCKS)
def test_a_clock_may_be_a_minute_off(apart, state):
    theirs = None if apart is None else finding.clock.epoch() - apart
    assert str(finding.clock_finding("Salesforce", theirs)).startswith(state)
