"""Params: one file, relative paths, every fault of it and of its policy in one message."""

from __future__ import annotations

import datetime as dt

import pytest

from recon_kit.params import REPOSITORY, SAMPLE_PARAMS, read_params, read_policy
from recon_kit.policy import SettingsError


@pytest.fixture
def params_file(tmp_path):
    def write(text, name="params.yaml"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write


def faults_of(file):
    with pytest.raises(SettingsError) as caught:
        read_params(file)
    return str(caught.value)


def test_the_shortest_file(params_file):
    params = read_params(params_file("as_of: 2026-10-31\n"))
    assert (params.as_of, params.profile, params.previous) == (dt.date(2026, 10, 31), "default", "latest")
    assert (params.source.stripe.kind, params.source.ledger.kind) == ("sample", "none")
    assert read_policy(params).reporting_currency == "USD"


def test_the_embedded_sample_is_the_default():
    params = read_params()
    assert params == read_params(SAMPLE_PARAMS)
    assert params.close_folder == REPOSITORY / "data" / "closes" / params.as_of.isoformat()
    assert read_policy(params)


@pytest.mark.parametrize("as_of", ["2026-09-30", dt.date(2026, 9, 30)])
def test_as_of_can_be_overridden(params_file, as_of):
    assert read_params(params_file("as_of: 2026-10-31\n"), as_of=as_of).as_of == dt.date(2026, 9, 30)


def test_as_of_can_come_from_outside_only(params_file):
    assert read_params(params_file("profile: plg\n"), as_of="2026-09-30").as_of == dt.date(2026, 9, 30)


def test_paths_are_relative_to_the_file(params_file, tmp_path, monkeypatch):
    file = params_file("as_of: 2026-10-31\ncloses_dir: ../closes\npolicy: rules/policy.yaml\n", "acme/params.yaml")
    params_file("reporting_currency: EUR\n", "acme/rules/policy.yaml")
    monkeypatch.chdir(tmp_path)
    for given in (file, "acme/params.yaml"):
        params = read_params(given)
        assert params.close_folder == tmp_path / "closes" / "2026-10-31"
        assert params.resolve("exports") == tmp_path / "acme" / "exports"
        assert params.resolve("/exports").as_posix() == "/exports"
        assert read_policy(params).reporting_currency == "EUR"


def test_a_home_folder_is_expanded(params_file, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert read_params(params_file("as_of: 2026-10-31\n")).resolve("~/exports") == tmp_path / "home" / "exports"


def test_the_profile_reaches_the_policy(params_file):
    params = read_params(params_file("as_of: 2026-10-31\nprofile: due_diligence\npolicy: {timezone: Europe/Berlin}\n"))
    policy = read_policy(params)
    assert (str(policy.materiality.amount), str(policy.zone)) == ("50.00", "Europe/Berlin")


def test_every_fault_of_params_and_policy_stands_in_one_message(params_file):
    message = faults_of(
        params_file(
            """
as_off: 2026-10-31
base: /
profile: bord
source: {stripe: {kind: files}, salesforce: {kind: soap}, ledger: {kind: none, pth: x}}
policy: {reporting_currency: US, rounding_tolerance: 1.5}
"""
        )
    )
    for said in (
        "7 faults in the params file params.yaml:",
        "  - as_of: missing",
        "  - as_off: unknown key",
        "  - base: unknown key",
        "  - profile: 'bord'",
        "needs a path",
        "  - source.salesforce.kind: 'soap'",
        "  - source.ledger.pth: unknown key",
        "2 faults in the policy:",
        "  - reporting_currency: 'US'",
        "  - rounding_tolerance: 1.5",
    ):
        assert said in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("as_of: 2026-13-31\n", "month must be in 1..12"),
        ("as_of: someday\n", "as_of: 'someday'"),
        ("as_of: 2026-10-31\nfields: {contrakt: {start_on: [Start__c]}}\n", "contrakt"),
        ("as_of: 2026-10-31\nfields: {contract: {start_on: Start__c}}\n", "fields.contract.start_on"),
        ("as_of: 2026-10-31\npolicy: nowhere.yaml\n", "There is no policy file"),
        ("as_of: 2026-10-31\npolicy: 5\n", "policy"),
        ("- as_of\n", "must hold keys and values, not a list"),
        ("as_of: [2026\n", "cannot be read as YAML"),
        ("", "as_of: missing"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(params_file, text, said):
    assert said in faults_of(params_file(text))


def test_a_missing_file_is_named(tmp_path):
    assert "There is no params file" in faults_of(tmp_path / "nowhere.yaml")
    assert "cannot be read as YAML" in faults_of(tmp_path)
