"""A close is signed once, by a person who answers for what is open; a later change is told, and stands beside it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recon_kit.artifacts import digest_file
from recon_kit.commands.decide import Deciding, decide_gap
from recon_kit.commands.sign import NotSignable, Signing, sign
from recon_kit.commands.verify import verify
from recon_kit.policy import SettingsError
from recon_kit.runner.sign_off import INDEX
from tests.small_close import BY, close_again, everything, small_close
from tests.whole_close import recon, table, write_params


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a company, closed once; tests copy it."""
    folder = tmp_path_factory.mktemp("company")
    small_close(folder)
    return folder


@pytest.fixture
def company(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "company")
    write_params(tmp_path / "company", tmp_path / "company" / "raw")
    return tmp_path / "company"


@pytest.fixture
def close(company: Path) -> Path:
    return company / "closes" / "2026-10-31"


def open_gaps(close: Path) -> list[str]:
    return table(close, "gaps").filter("material", state="open")["gap_id"].to_list()


def text(page: Path) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text("utf-8")))


def key_file(folder: Path, name: str = "key.pem") -> Path:
    private = Ed25519PrivateKey.generate()
    plain = serialization.NoEncryption()
    (folder / name).write_bytes(
        private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return folder / name


def findings(close: Path) -> dict[str, str]:
    return {finding.file: finding.message for finding in verify(close, reperform=False)}


def test_the_command_refuses_names_the_gaps_and_writes_nothing(close: Path) -> None:
    before = everything(close)
    result = recon("sign", str(close), "--by", BY)
    assert result.returncode == 2
    assert "has 2 material gaps without a decision" in result.stderr
    assert all(gap in result.stderr for gap in open_gaps(close))
    assert everything(close) == before


def test_the_command_signs_with_name_time_digests_and_list(close: Path) -> None:
    result = recon("sign", str(close), "--by", BY, "--carry-all", "--reason", "corrected in November")
    assert result.returncode == 0, result.stderr
    signature = json.loads((close / "signature.json").read_text("utf-8"))
    assert signature["by"] == BY
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", signature["at"])
    assert signature["manifest_sha256"] == digest_file(close / "manifest.json")
    assert signature["pack_sha256"] == digest_file(close / "pack.json")
    assert [one["gap_id"] for one in signature["carried_forward"]] == open_gaps(close)
    assert signature["reason"] == "corrected in November"
    verified = recon("verify", str(close), "--no-reperform")
    assert verified.returncode == 0, verified.stderr
    assert f"Signed by {BY}" in verified.stdout
    assert "by name only" in verified.stdout


def test_signing_changes_the_block_of_the_index_and_nothing_else(close: Path) -> None:
    before = everything(close)
    sign(Signing(close, BY, "corrected in November", carry_all=True))
    after = everything(close)
    assert {name for name in after if after[name] != before.get(name)} == {INDEX, "pack.json", "signature.json"}
    said = text(close / INDEX)
    assert f"Signed by {BY}" in said
    assert "2 material gaps" in said
    assert "Approved by" not in said
    assert "Approved by" in re.sub(r"<[^>]+>", " ", before[INDEX].decode())
    unsigned, signed = (re.sub(r'<section class="signoff".*?</section>', "", page, flags=re.DOTALL) for page in (
        before[INDEX].decode(), after[INDEX].decode(),
    ))  # fmt: skip
    assert signed == unsigned


def test_gaps_are_carried_forward_one_by_one_or_by_customer(close: Path) -> None:
    first, second = open_gaps(close)
    with pytest.raises(NotSignable, match=rf"1 material gap without a decision(?s:.*){second}"):
        sign(Signing(close, BY, "late", carry_forward=[first]))
    with pytest.raises(SettingsError, match="gap_unknown is no gap"):
        sign(Signing(close, BY, "late", carry_forward=[first, "gap_unknown"]))
    with pytest.raises(SettingsError, match="--reason"):
        sign(Signing(close, BY, carry_all=True))
    customer = table(close, "gaps").filter(gap_id=second)["customer_ids"][0][0]
    assert len(sign(Signing(close, BY, "late", carry_forward=[first, customer])).carried_forward) == 2


def test_decided_gaps_need_no_carrying_and_the_head_of_the_journal_is_signed(close: Path, company: Path) -> None:
    file = company / "decisions.jsonl"
    first, second = open_gaps(close)
    decide_gap(first, Deciding("accept", "Ann Lee", "will be invoiced", close, journal=file))
    decide_gap(second, Deciding("needs_info", "Ann Lee", "ask the owner", close, journal=file))
    with pytest.raises(NotSignable, match=rf"1 material gap(?s:.*){second}"):
        sign(Signing(close, BY, journal=file))
    decide_gap(second, Deciding("reject", "Ann Lee", "a pilot", close, journal=file))
    signature = sign(Signing(close, BY, journal=file))
    assert not signature.carried_forward
    assert [(one.gap_id, one.decision, one.sequence) for one in signature.decided] == [
        (first, "accept", 1), (second, "reject", 3),
    ]  # fmt: skip
    assert json.loads((company / "decisions.head").read_text("utf-8")) == signature.journal.model_dump()


def test_decisions_that_the_close_applied_need_nothing_more(company: Path, close: Path) -> None:
    file = company / "decisions.jsonl"
    for gap in open_gaps(close):
        decide_gap(gap, Deciding("accept", "Ann Lee", "will be invoiced", close, journal=file))
    params = write_params(company, company / "raw", decisions=str(file))
    close_again(params, close)
    signature = sign(Signing(close, BY, params=params))
    assert (signature.decided, signature.carried_forward) == ([], [])
    assert signature.journal.length == 2


def test_what_is_not_whole_or_does_not_tie_or_is_signed_is_refused(close: Path) -> None:
    raw = close / "raw" / "salesforce" / "Opportunity.csv"
    whole = raw.read_bytes()
    raw.write_bytes(whole + b"\n")
    with pytest.raises(NotSignable, match=r"raw/salesforce/Opportunity.csv: was changed"):
        sign(Signing(close, BY, "late", carry_all=True))
    raw.write_bytes(whole)
    sign(Signing(close, BY, "late", carry_all=True))
    with pytest.raises(NotSignable, match=f"signed already, by {BY}"):
        sign(Signing(close, BY, "late", carry_all=True))


def test_a_control_that_does_not_tie_is_named(close: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    controls = table(close, "controls")
    broken = controls.with_columns(passes=controls["control_id"] != controls["control_id"][0])
    broken.write_parquet(close / "tables" / "controls.parquet")
    monkeypatch.setattr("recon_kit.commands.sign.signing.verify", lambda *_, **__: [])
    with pytest.raises(NotSignable, match=rf"does not tie.*{controls['control_id'][0]}"):
        sign(Signing(close, BY, "late", carry_all=True))


def test_no_name_and_no_close_are_errors(close: Path, tmp_path: Path) -> None:
    assert recon("sign", str(close), "--by", " ").returncode == 1
    assert recon("sign", str(tmp_path), "--by", BY).returncode == 1


@pytest.mark.parametrize(
    "name", ["raw/stripe/customers.jsonl", "tables/gaps.parquet", INDEX, "pack.json", "manifest.json"]
)
def test_a_change_voids_the_signature_and_is_named(close: Path, name: str) -> None:
    sign(Signing(close, BY, "late", carry_all=True))
    file = close / name
    file.write_bytes(file.read_bytes() + b"\n")
    told = findings(close)
    assert told["signature.json"].startswith("void: what Jane Doe on ")
    assert name in told["signature.json"]


def test_an_added_and_a_missing_file_void_it_too(close: Path) -> None:
    sign(Signing(close, BY, "late", carry_all=True))
    (close / "raw" / "stripe" / "more.jsonl").write_text("{}\n", encoding="utf-8")
    (close / "tables" / "pairs.parquet").unlink()
    told = findings(close)["signature.json"]
    assert "raw/stripe/more.jsonl was added" in told
    assert "tables/pairs.parquet is missing" in told


def test_without_a_key_a_name_that_the_first_page_does_not_say_is_told(close: Path) -> None:
    sign(Signing(close, "Ann O'Hara <Lee>", "late", carry_all=True))
    assert findings(close) == {}
    file = close / "signature.json"
    file.write_text(file.read_text("utf-8").replace("O'Hara", "O'Mara"), encoding="utf-8")
    said = findings(close)["signature.json"]
    assert "names Ann O'Mara <Lee> on" in said
    assert "the first page Ann O'Hara <Lee> on" in said


@pytest.mark.parametrize(
    ("was", "becomes"), [('"gap_id": "gap_', '"gap_id": "gbp_'), ('"reason": "late"', '"reason": "lost"')]
)
def test_without_a_key_other_content_than_the_first_page_vouches_for_is_told(
    close: Path, was: str, becomes: str
) -> None:
    sign(Signing(close, BY, "late", carry_all=True))
    assert findings(close) == {}
    file = close / "signature.json"
    assert was in file.read_text("utf-8")
    file.write_text(file.read_text("utf-8").replace(was, becomes), encoding="utf-8")
    assert "its content has not the SHA-256 that the first page names" in findings(close)["signature.json"]


@pytest.mark.parametrize("name", ["manifest.json", "pack.json"])
def test_a_listing_that_cannot_be_read_any_more_is_named_and_voids_the_signature(
    company: Path, close: Path, name: str
) -> None:
    sign(Signing(close, BY, "late", carry_all=True))
    (close / name).write_bytes((close / name).read_bytes().replace(b'"files": {', b'"files"; {'))
    told = findings(close)
    assert "cannot be read any more" in told[name]
    assert told["signature.json"].startswith("void: what Jane Doe on ")
    assert "is void for its own folder as well" in text(close_again(company / "params.yaml", close) / INDEX)
    command = recon("verify", str(close), "--no-reperform")
    assert command.returncode == 2
    assert "Error" not in command.stderr


def test_a_listing_without_its_keys_is_named(close: Path) -> None:
    sign(Signing(close, BY, "late", carry_all=True))
    manifest = close / "manifest.json"
    for key in (b'"files"', b'"code"', b'"journal"', b'"policy"', b'"sha256"'):
        kept = manifest.read_bytes()
        manifest.write_bytes(kept.replace(key, b'"other"'))
        assert findings(close)["signature.json"].startswith("void: what Jane Doe on ")
        manifest.write_bytes(kept)


def test_a_signature_that_was_taken_away_is_told_and_may_be_given_again(close: Path) -> None:
    sign(Signing(close, BY, "late", carry_all=True))
    (close / "signature.json").unlink()
    assert f"is missing, though the first page says that {BY} signed on" in findings(close)["signature.json"]
    assert sign(Signing(close, "John Roe", "late", carry_all=True)).by == "John Roe"
    assert findings(close) == {}


def test_with_a_key_a_changed_name_is_told(close: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECON_SIGNING_KEY_FILE", str(key_file(tmp_path)))
    signature = sign(Signing(close, BY, "late", carry_all=True))
    assert signature.public_key.startswith("-----BEGIN PUBLIC KEY-----")
    assert findings(close) == {}
    file = close / "signature.json"
    genuine = file.read_text("utf-8")
    file.write_text(genuine.replace(BY, "John Roe"), encoding="utf-8")
    assert "does not fit its content" in findings(close)["signature.json"]
    file.write_text(genuine, encoding="utf-8")
    monkeypatch.setenv("RECON_SIGNING_KEY_FILE", str(key_file(tmp_path, "other.pem")))
    assert "another key" in findings(close)["signature.json"]
    monkeypatch.delenv("RECON_SIGNING_KEY_FILE")
    assert findings(close) == {}


def test_a_signature_without_key_is_told_where_a_key_is_known(
    close: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(Signing(close, BY, "late", carry_all=True))
    monkeypatch.setenv("RECON_SIGNING_KEY_FILE", str(key_file(tmp_path)))
    assert "may be forged" in findings(close)["signature.json"]


def test_a_key_that_is_none_is_an_error_before_anything_is_written(
    close: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key.pem").write_text("no key", encoding="utf-8")
    monkeypatch.setenv("RECON_SIGNING_KEY_FILE", str(tmp_path / "key.pem"))
    before = everything(close)
    with pytest.raises(SettingsError, match="no Ed25519 key"):
        sign(Signing(close, BY, "late", carry_all=True))
    assert everything(close) == before


def test_signing_that_was_cut_off_can_be_repeated(close: Path) -> None:
    pack = (close / "pack.json").read_bytes()
    sign(Signing(close, BY, "late", carry_all=True))
    (close / "signature.json").unlink()
    (close / "pack.json").write_bytes(pack)
    assert sign(Signing(close, "John Roe", "late", carry_all=True)).by == "John Roe"
    assert findings(close) == {}
    assert BY not in text(close / INDEX)


def test_a_re_run_on_other_data_stands_beside_says_void_and_what_differs(company: Path, close: Path) -> None:
    sign(Signing(close, BY, "late", carry_all=True))
    kept = everything(close)
    raw = company / "raw" / "salesforce" / "Opportunity.csv"
    raw.write_text(raw.read_text("utf-8").replace("2400", "2500"), encoding="utf-8")
    again = close_again(company / "params.yaml", close)
    assert again.name == "2026-10-31.r2"
    assert everything(close) == kept
    said = text(again / INDEX)
    assert "This close supersedes 2026-10-31, signed by Jane Doe" in said
    assert "void" in said
    assert "Other inputs: raw/salesforce/Opportunity.csv" in said
    for row in ("gaps", "bridge", "history", "contracts"):
        assert row in said
    assert "crm_mrr_minor: 240000" in said
    assert "crm_mrr_minor: 250000" in said
    assert findings(close) == {}
    third = close_again(company / "params.yaml", close)
    assert third.name == "2026-10-31.r2", "an unsigned re-run is replaced"
    sign(Signing(again, "John Roe", "late", carry_all=True))
    last = close_again(company / "params.yaml", close)
    assert last.name == "2026-10-31.r3"
    assert "supersedes 2026-10-31.r2, signed by John Roe" in text(last / INDEX)
    assert "Nothing differs from it" in text(last / INDEX)


def test_a_re_run_says_that_the_signed_folder_itself_was_tampered_with(company: Path, close: Path) -> None:
    sign(Signing(close, BY, "late", carry_all=True))
    raw = close / "raw" / "salesforce" / "Opportunity.csv"
    raw.write_bytes(raw.read_bytes().replace(b"2400", b"2500"))
    again = close_again(company / "params.yaml", close)
    assert "void for its own folder as well: raw/salesforce/Opportunity.csv was changed" in text(again / INDEX)


@pytest.mark.soak
def test_the_command_closes_beside_a_signed_close_and_leaves_it_untouched(company: Path, close: Path) -> None:
    sign(Signing(close, BY, "late", carry_all=True))
    kept = everything(close)
    raw = company / "raw" / "salesforce" / "Opportunity.csv"
    raw.write_text(raw.read_text("utf-8").replace("2400", "2500"), encoding="utf-8")
    key = company / "pseudonym.key"
    key.write_text("0123456789abcdef" * 2)
    result = recon(
        "close", "--params", str(company / "params.yaml"), "--no-progress", "--pseudonymise",
        environment={"RECON_PSEUDONYM_KEY_FILE": str(key)},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "2026-10-31 is signed and stays as it is" in result.stdout
    assert everything(close) == kept
    again = company / "closes" / "2026-10-31.r2"
    assert "supersedes 2026-10-31, signed by Jane Doe" in text(again / INDEX)
    assert {"04_gaps.html", "index.html"} <= {page.name for page in (again / "html").iterdir()}
    nameless = company / "closes" / "2026-10-31.r2.pseudonymised"
    assert "Company 2" in text(again / "html" / "04_gaps.html")
    assert "Company 2" not in text(nameless / "html" / "04_gaps.html")
    assert verify(again, reperform=False) == verify(nameless) == verify(close, reperform=False) == []
