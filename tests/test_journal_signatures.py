"""Signed journals: who has no key can write no line unseen; old lines stay valid; without a key the report says so."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from recon_kit import journal
from recon_kit.artifacts import digest_bytes
from recon_kit.policy import SettingsError
from recon_kit.signing import SIGNING_KEY_FILE
from tests import decisions


def pem(folder, name):
    """A new key as two files: its private and its public half."""
    key = Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


@pytest.fixture
def keys(tmp_path):
    folder = tmp_path / "keys"
    folder.mkdir()
    return pem(folder, "own")


def use(monkeypatch, file):
    monkeypatch.delenv(SIGNING_KEY_FILE, raising=False)
    if file:
        monkeypatch.setenv(SIGNING_KEY_FILE, str(file))


def written(folder, monkeypatch, key, *names):
    use(monkeypatch, key)
    return decisions.written(folder, *(decisions.gap(name, "accept") for name in names))


def lines_of(file):
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def made_anew(file, lines, *, keep_head_key=True):
    """Lay lines out as somebody with the folder and without the key can: every hash right, the head too."""
    before, content = "0" * 64, b""
    for number, line in enumerate(lines, 1):
        line |= {"sequence": number, "previous": before}
        text = journal.canonical(line)
        before, content = digest_bytes(text), content + text + b"\n"
    file.write_bytes(content)
    head = json.loads(journal.head_of(file).read_bytes()) | {"length": len(lines), "sha256": before}
    if not keep_head_key:
        head.pop("public_key", None)
    journal.head_of(file).write_text(json.dumps(head))


def refusal(file):
    with pytest.raises(SettingsError) as refused:
        journal.read_journal(file)
    return str(refused.value)


def edit(lines):
    lines[1]["by"] = "Bo Chen"


def delete(lines):
    del lines[1]


def exchange(lines):
    lines[1], lines[2] = lines[2], lines[1]


def invent(lines):
    lines.append({**lines[0], "by": "Bo Chen", "signature": lines[0]["signature"]})


def strip(lines):
    lines[2].pop("signature")


@pytest.mark.parametrize(
    ("forge", "first"),
    [(edit, 2), (delete, 2), (exchange, 2), (invent, 5), (strip, 3)],
    ids=lambda one: getattr(one, "__name__", ""),
)
@pytest.mark.parametrize("checks_with", ["private", "public", "head"])
def test_a_line_made_without_the_key_is_named(tmp_path, monkeypatch, keys, forge, first, checks_with):
    file = written(tmp_path, monkeypatch, keys[0], "g1", "g2", "g3", "g4")
    assert len(journal.read_journal(file).decisions) == 4
    lines = lines_of(file)
    forge(lines)
    made_anew(file, lines)
    use(monkeypatch, {"private": keys[0], "public": keys[1], "head": None}[checks_with])
    said = refusal(file)
    assert f"line {first} is forged" in said
    assert f"line {first - 1} is forged" not in said


@pytest.mark.parametrize("checks_with", ["private", "public", "head"])
def test_a_journal_whose_signatures_were_all_taken_away_is_refused(tmp_path, monkeypatch, keys, checks_with):
    file = written(tmp_path, monkeypatch, keys[0], "gap_1", "gap_2")
    made_anew(file, [{name: part for name, part in line.items() if name != "signature"} for line in lines_of(file)])
    use(monkeypatch, {"private": keys[0], "public": keys[1], "head": None}[checks_with])
    assert "every line is forged: none carries a signature, though decisions.head names" in refusal(file)


def test_a_line_signed_by_another_key_is_named(tmp_path, monkeypatch, keys):
    file = written(tmp_path, monkeypatch, keys[0], "g1", "g2")
    other = written(tmp_path / "other", monkeypatch, pem(tmp_path / "keys", "other")[0], "g1", "g2")
    file.write_bytes(other.read_bytes())
    head = json.loads(journal.head_of(other).read_bytes())
    use(monkeypatch, keys[1])
    journal.head_of(file).write_text(json.dumps(head))
    assert "decisions.head names another public key" in refusal(file)
    head.pop("public_key")
    journal.head_of(file).write_text(json.dumps(head))
    assert "line 1 is forged" in refusal(file)


def test_lines_from_before_the_key_stay_valid_and_are_vouched_for(tmp_path, monkeypatch, keys):
    old = written(tmp_path, monkeypatch, None, "g1", "g2").read_bytes()
    assert b"signature" not in old
    assert set(json.loads(journal.head_of(tmp_path / "decisions.jsonl").read_bytes())) == {"length", "sha256"}
    file = written(tmp_path, monkeypatch, keys[0], "g3")
    assert file.read_bytes().startswith(old)
    assert ["signature" in line for line in lines_of(file)] == [False, False, True]
    assert len(journal.read_journal(file).decisions) == 3
    lines = lines_of(file)
    lines[0]["by"] = "Bo Chen"
    made_anew(file, lines)
    assert "line 3 is forged, or was made anew after a line before it was changed" in refusal(file)


def test_who_has_no_key_cannot_append_to_a_signed_journal_unseen(tmp_path, monkeypatch, keys):
    file = written(tmp_path, monkeypatch, keys[0], "g1")
    with pytest.raises(SettingsError, match=r"The lines of decisions.jsonl are signed: set RECON_SIGNING_KEY_FILE"):
        written(tmp_path, monkeypatch, None, "g2")
    lines = lines_of(file)
    made_anew(file, [*lines, {name: said for name, said in lines[0].items() if name != "signature"}])
    use(monkeypatch, keys[1])
    assert "line 2 is forged: it carries no signature, and lines before it do" in refusal(file)


def test_an_auditor_with_the_public_key_reads_and_lays_out_and_cannot_write(tmp_path, monkeypatch, keys):
    file = written(tmp_path, monkeypatch, keys[0], "g1", "g2")
    use(monkeypatch, keys[1])
    known = journal.read_journal(file)
    journal.lay_out(tmp_path / "copy" / "decisions.jsonl", known.content, known.anchor)
    assert len(journal.read_journal(tmp_path / "copy" / "decisions.jsonl").decisions) == 2
    with pytest.raises(SettingsError, match="holds no Ed25519 key"):
        journal.append(file, lambda _: decisions.gap("g3", "accept"))
    assert len(journal.read_journal(file).decisions) == 2


def test_an_edit_without_new_hashes_is_named_as_ever(tmp_path, monkeypatch, keys):
    file = written(tmp_path, monkeypatch, keys[0], "g1", "g2", "g3")
    file.write_bytes(file.read_bytes().replace(b"Ann Lee", b"Ann Lea", 1))
    assert "line 1 was edited" in refusal(file)
    assert "forged" not in refusal(file)


def test_the_report_says_what_is_protected(tmp_path, monkeypatch, keys):
    file = written(tmp_path, monkeypatch, None, "g1")
    assert "someone who can write to the folder" in journal.protection(file.parent)
    written(tmp_path, monkeypatch, keys[0], "g2")
    assert "1 of 2 lines carry an Ed25519 signature, checked with the key" in journal.protection(file.parent)
    use(monkeypatch, None)
    assert "which only a known key proves" in journal.protection(file.parent)
