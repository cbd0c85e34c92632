"""Alerts against a receiver on loopback: the right route, once, again after a failure, and only what is news."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections import Counter

import polars as pl
import pytest
import yaml

from recon_kit.artifacts import CloseFolder
from recon_kit.commands.alert import Asked, deliver, told
from recon_kit.commands.alert.sending import Message, NotSent, Patience, Receivers
from recon_kit.commands.alert.sent import SENT_FILE, read_lines
from recon_kit.policy import SettingsError
from recon_kit.runner.alerts_file import ALERTS_FILE, alerts_text, read_alerts
from tests.acme import SENTENCE, failed_invoice, write_acme
from tests.receiver import receiving
from tests.small_close import close_again
from tests.whole_close import recon, table, write_params

QUICK = Patience(attempts=3, first_wait=0.01, longest_wait=0.02)
ROUTES = {
    "expansion": {"RevOps": "REVOPS_URL", "owner": "OWNER_URL"},
    "failed_payment": {"Customer Success": "CS_URL"},
    "aggregate": {"Finance": "FINANCE_URL"},
}
TEAMS = {"REVOPS_URL": "revops", "OWNER_URL": "owner", "CS_URL": "cs", "FINANCE_URL": "finance"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Acme's close with an expansion, a failed payment and an aggregate over its limit."""
    folder = tmp_path_factory.mktemp("made")
    raw = write_acme(folder / "raw", invoices=[failed_invoice()])
    params = write_params(folder, raw, policy={"routes": ROUTES})
    close_again(params, folder / "closes" / "2026-10-31")
    return folder


@pytest.fixture
def acme(made, tmp_path):
    """A copy of that close, in a folder of closes of its own."""
    shutil.copytree(made / "closes" / "2026-10-31", tmp_path / "closes" / "2026-10-31")
    return tmp_path / "closes" / "2026-10-31"


@pytest.fixture
def receiver():
    with receiving() as one:
        yield one


def addresses(receiver, *names):
    return {name: receiver.address(path) for name, path in TEAMS.items() if not names or name in names}


def send(folder, environment, **asked):
    return deliver(Asked(folder, environment=environment, patience=QUICK, **asked))


def lines(folder):
    return read_lines(folder.parent / SENT_FILE)


def rewrite(folder, **columns):
    """Change the alerts of a close."""
    alerts = read_alerts(folder).with_columns(**columns)
    (folder / ALERTS_FILE).write_text(alerts_text(alerts), encoding="utf-8")


def test_each_cause_reaches_its_teams_once(acme, receiver):
    outcome = send(acme, addresses(receiver))
    assert receiver.at("revops") == receiver.at("owner") == [SENTENCE]
    assert [text.split(":")[0] for text in receiver.at("cs")] == ["Acme Corp"]
    assert "could not collect" in receiver.at("cs")[0]
    assert receiver.at("finance")[0].startswith("All open gaps together")
    assert receiver.tries == {"revops": 1, "owner": 1, "cs": 1, "finance": 1}
    assert (len(outcome.sent), outcome.undelivered, outcome.without_address) == (4, [], [])
    assert receiver.took[0][1]["title"] == "Acme Corp: Failed payment"


def test_an_unchanged_run_sends_nothing(acme, receiver):
    send(acme, addresses(receiver))
    again = send(acme, addresses(receiver))
    assert (len(receiver.took), again.sent, again.known) == (4, [], 4)
    assert len(lines(acme)) == 4


def test_the_order_is_that_of_the_alerts(acme, receiver):
    send(acme, addresses(receiver))
    assert [where for where, _ in receiver.took] == ["/cs", "/finance", "/revops", "/owner"]


def test_teams_of_one_address_hear_it_once(acme, receiver):
    routes = {"expansion": {"RevOps": "ALL_URL", "owner": "ALL_URL"}, "failed_payment": {}, "aggregate": {}}
    params = write_params(acme.parents[1], acme, policy={"routes": routes})
    send(acme, {"ALL_URL": receiver.address("all")}, params=params)
    assert receiver.at("all") == [SENTENCE]
    assert [line.teams for line in lines(acme)] == [("RevOps", "owner")]


def test_without_addresses_alerts_are_only_written(acme):
    outcome = send(acme, {})
    assert (outcome.sent, outcome.undelivered, len(outcome.without_address)) == ([], [], 4)
    assert not (acme.parent / SENT_FILE).exists()
    assert "Only written to alerts.jsonl" in told(outcome)[-1]
    assert read_alerts(acme).equals(table(acme, "alerts"))


def test_an_address_that_is_set_later_hears_what_is_open(acme, receiver):
    send(acme, addresses(receiver, "REVOPS_URL"))
    send(acme, addresses(receiver))
    assert {path: len(receiver.at(path)) for path in TEAMS.values()} == dict.fromkeys(TEAMS.values(), 1)


def test_a_failure_is_tried_again_at_once(acme, receiver):
    receiver.refuses["cs"] = 2
    outcome = send(acme, addresses(receiver))
    assert (receiver.tries["cs"], len(receiver.at("cs")), outcome.undelivered) == (3, 1, [])


def test_what_is_undelivered_is_kept_listed_and_sent_by_the_next_run(acme, receiver):
    receiver.refuses["cs"] = 3
    outcome = send(acme, addresses(receiver))
    assert [(parcel.variable, parcel.teams) for parcel, _ in outcome.undelivered] == [("CS_URL", ("Customer Success",))]
    assert any(line.startswith("undelivered: CS_URL: ") for line in told(outcome))
    assert Counter(line.status for line in lines(acme)) == {"sent": 3, "undelivered": 1}
    again = send(acme, addresses(receiver))
    assert ([parcel.variable for parcel in again.sent], len(receiver.at("cs"))) == (["CS_URL"], 1)
    assert send(acme, addresses(receiver)).known == 4


def many(folder, number):
    """So many alerts for RevOps alone."""
    one = read_alerts(folder).filter(cause="expansion")
    copies = [
        one.with_columns(alert_id=pl.lit(f"gap:{place}"), rank=pl.lit(place, pl.Int64)) for place in range(number)
    ]
    (folder / ALERTS_FILE).write_text(alerts_text(pl.concat(copies)), encoding="utf-8")


def test_a_route_that_is_down_is_left_alone_for_this_run(acme, receiver):
    many(acme, 6)
    receiver.refuses["revops"] = 999
    outcome = send(acme, addresses(receiver))
    assert receiver.tries["revops"] == 3 * QUICK.attempts
    assert len(outcome.undelivered) == 6
    assert len(receiver.at("owner")) == 6
    receiver.refuses["revops"] = 0
    assert len(send(acme, addresses(receiver)).sent) == 6


def test_one_alert_that_is_refused_does_not_hold_up_the_next(acme, receiver):
    many(acme, 3)
    receiver.refuses["revops"] = QUICK.attempts
    outcome = send(acme, addresses(receiver))
    assert (len(outcome.undelivered), len(receiver.at("revops"))) == (1, 2)


def test_of_several_receivers_only_those_that_failed_are_tried_again(acme, receiver):
    both = f"{receiver.address('one')}, {receiver.address('two')}"
    receiver.refuses["two"] = 1
    send(acme, {"REVOPS_URL": both})
    assert (receiver.at("one"), receiver.at("two")) == ([SENTENCE], [SENTENCE])
    assert (receiver.tries["one"], receiver.tries["two"]) == (1, 2)


def test_news_is_told_again(acme, receiver):
    send(acme, addresses(receiver))
    is_gap = pl.col("kind") == "gap"
    rewrite(acme, content_sha256=pl.when(is_gap).then(pl.lit("0" * 64)).otherwise("content_sha256"))
    assert [parcel.variable for parcel in send(acme, addresses(receiver)).sent] == ["REVOPS_URL", "OWNER_URL"]


def dated(folder, day, **columns):
    """The close as if of another day."""
    place = folder.with_name(day)
    shutil.copytree(folder, place)
    manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    (place / "manifest.json").write_text(json.dumps(manifest | {"as_of": day}), encoding="utf-8")
    if columns:
        rewrite(place, **columns)
    return place


def test_what_went_and_came_back_is_news(acme, receiver):
    send(acme, addresses(receiver))
    without = dated(acme, "2026-11-01")
    kept = read_alerts(without).filter(kind="gap")
    (without / ALERTS_FILE).write_text(alerts_text(kept), encoding="utf-8")
    assert send(without, addresses(receiver)).sent == []
    assert Counter(line.status for line in lines(acme)) == {"sent": 4, "gone": 2}
    back = send(dated(acme, "2026-11-02"), addresses(receiver))
    assert sorted(parcel.variable for parcel in back.sent) == ["CS_URL", "FINANCE_URL"]


def test_an_older_close_does_not_tell_what_a_later_one_told(acme, receiver):
    later = dated(acme, "2026-11-01", content_sha256=pl.lit("1" * 64))
    send(later, addresses(receiver))
    assert send(acme, addresses(receiver)).sent == []
    assert len(receiver.took) == 4


def test_what_waits_for_a_link_is_not_sent_and_not_gone(acme, receiver):
    send(acme, addresses(receiver))
    waiting = dated(acme, "2026-11-01", waits_for_link=pl.col("kind") == "gap")
    outcome = send(waiting, addresses(receiver))
    assert (outcome.sent, outcome.waiting, outcome.known) == ([], 1, 2)
    assert {line.status for line in lines(acme)} == {"sent"}


def test_the_owners_address_comes_from_salesforce(acme, receiver):
    to_owner = receiver.address("to/{owner_email}")
    send(acme, {"OWNER_URL": to_owner})
    assert [where for where, _ in receiver.took] == ["/to/ann@seller.example"]
    nobody = dated(acme, "2026-11-01", owner_emails=pl.lit([], pl.List(pl.String)), content_sha256=pl.lit("1" * 64))
    outcome = send(nobody, {"OWNER_URL": to_owner})
    assert [why for _, why in outcome.undelivered] == [
        "OWNER_URL: it wants the owner's e-mail address, and Salesforce has none"
    ]


def test_two_runs_at_once_tell_it_once(acme, receiver):
    runs = [threading.Thread(target=send, args=(acme, addresses(receiver))) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(receiver.took) == len(lines(acme)) == 4


def test_a_line_cut_off_by_a_crash_is_written_anew(acme, receiver):
    send(acme, addresses(receiver, "CS_URL"))
    file = acme.parent / SENT_FILE
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:40])
    send(acme, addresses(receiver))
    assert len(lines(acme)) == 4
    assert len(receiver.at("cs")) == 1


def test_a_line_that_nobody_wrote_is_named(acme, receiver):
    (acme.parent / SENT_FILE).write_text("{}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"Line 1 of alerts_sent.jsonl"):
        send(acme, addresses(receiver))
    assert receiver.took == []


def test_a_dry_run_says_what_would_be_sent_and_sends_and_writes_nothing(acme, receiver):
    outcome = send(acme, addresses(receiver), dry_run=True)
    assert f"would be sent to RevOps (REVOPS_URL): {SENTENCE}" in told(outcome, dry_run=True)
    assert (receiver.took, (acme.parent / SENT_FILE).exists()) == ([], False)


def test_a_folder_without_alerts_is_told_in_words(tmp_path):
    with pytest.raises(SettingsError, match=r"has no alerts.jsonl"):
        send(tmp_path, {})


def test_alerts_that_nobody_wrote_are_told_in_words(acme):
    (acme / ALERTS_FILE).write_text('{"alert_id": 1}\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="not as a close writes it"):
        send(acme, {})


SECRETS = [
    "json://127.0.0.1:1/T0K3N-of-slack",
    "slack://T0K3N",
    "nonsense-T0K3N",
    "mailto://u:T0K3N@127.0.0.1:1?to=a@b.example",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_an_address_is_told_nowhere(acme, secret, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    outcome = send(acme, {"REVOPS_URL": secret})
    assert len(outcome.undelivered) == 1
    captured = capfd.readouterr()
    said = "".join([*told(outcome), captured.out, captured.err, caplog.text, repr(outcome)])
    files = [file.read_text(encoding="utf-8", errors="replace") for file in acme.parent.rglob("*") if file.is_file()]
    assert "REVOPS_URL" in said
    assert "T0K3N" not in said
    assert not any("T0K3N" in text for text in files)
    assert "T0K3N" not in repr(Receivers({"X": secret}))


def test_logs_are_as_they_were_after_a_delivery(receiver):
    before = logging.root.manager.disable
    with pytest.raises(NotSent):
        Receivers({"X": "nonsense"}, QUICK).send("X", Message("a", "b"))
    assert logging.root.manager.disable == before


def test_the_command(made, tmp_path, receiver):
    folder = tmp_path / "closes" / "2026-10-31"
    shutil.copytree(made / "closes" / "2026-10-31", folder)
    environment = {"RECON_ALERT_OPERATIONS": "", **addresses(receiver)}
    dry = recon("alert", str(folder), "--dry-run", environment=environment)
    assert (dry.returncode, receiver.took) == (0, [])
    first = recon("alert", str(folder), environment=environment)
    assert (first.returncode, first.stdout.splitlines()[0]) == (
        0,
        "3 alerts: 4 messages sent, 0 told before, 0 undelivered.",
    )
    again = recon("alert", str(folder), environment=environment)
    assert again.stdout.splitlines()[0] == "3 alerts: 0 messages sent, 4 told before, 0 undelivered."
    assert recon("alert", str(tmp_path)).returncode == 1


def test_a_close_that_stops_while_it_reads_the_systems_tells_operations(tmp_path, receiver):
    """A key that is not set stops the pull; the folder left behind holds the alert, and the address hears it, once."""
    routes = {"extraction": {"operations": "OPS_URL"}}
    params = write_params(tmp_path, tmp_path, policy={"routes": routes})
    content = yaml.safe_load(params.read_text(encoding="utf-8"))
    content["source"] |= {"stripe": {"kind": "api"}, "salesforce": {"kind": "sample"}}
    params.write_text(yaml.safe_dump(content), encoding="utf-8")
    environment = {"OPS_URL": receiver.address("ops"), "STRIPE_API_KEY": ""}
    for _ in range(2):
        ran = recon("close", "--params", str(params), "--no-progress", environment=environment)
        assert ran.returncode == 1, ran.stderr
    left = tmp_path / "closes" / "2026-10-31.partial"
    alert = read_alerts(left).row(0, named=True)
    assert (alert["kind"], alert["alert_id"]) == ("failed_extract", "failed_extract:close")
    assert receiver.at("ops") == [alert["sentence"]]
    assert not CloseFolder(left).is_finished
