"""A request always ends: a server that drips, cuts short or is silent costs so many seconds and no more."""

import gzip
import socket
import threading
import time

import pytest
import requests

from recon_kit.extract.timed_adapter import TimedAdapter, TimeOuts, checked_address
from recon_kit.policy import SettingsError

SHORT = TimeOuts(connect=1, read=0.4, whole=0.8)
WHOLE = b"x" * 100_000
OK = b"HTTP/1.1 200 OK\r\nDate: Sat, 31 Oct 2026 22:00:00 GMT\r\n"


def answering(*pieces, pause=0.0):
    """An address that answers one request with these pieces, then closes."""
    listening = socket.create_server(("127.0.0.1", 0))

    def answer():
        with listening, listening.accept()[0] as connection:
            connection.recv(65_536)
            for piece in pieces:
                try:
                    connection.sendall(piece)
                except OSError:
                    return
                time.sleep(pause)

    threading.Thread(target=answer, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def asked(address, adapter=None):
    with requests.Session() as session:
        session.mount("https://", adapter or TimedAdapter(SHORT, address))
        return session.get("https://acme.my.salesforce.com/services/data?q=a%20b")


def length(body):
    return b"Content-Length: %d\r\n\r\n" % len(body)


PACKED = gzip.compress(WHOLE)
CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\n, you\r\n0\r\n\r\n"

#   what is sent                                                    what arrives
WHOLE_ANSWERS = [
    ([OK, length(WHOLE), WHOLE],                                      WHOLE),
    ([OK, length(b"")],                                               b""),
    ([OK, CHUNKS],                                                    b"hello, you"),
    ([OK, b"Content-Encoding: gzip\r\n", length(PACKED), PACKED],     WHOLE),
    ([OK, b"Connection: close\r\n\r\n", WHOLE],                       WHOLE),
]  # fmt: skip


@pytest.mark.parametrize(("pieces", "body"), WHOLE_ANSWERS)
def test_a_whole_answer_arrives(pieces, body):
    assert asked(answering(*pieces)).content == body


#   what is sent                                                 between pieces   what is raised
BROKEN = [
    ([OK, length(WHOLE), *[b"x"] * 100],                          0.05,            requests.exceptions.ReadTimeout),
    ([OK, b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 100], 0.05,    requests.exceptions.ReadTimeout),
    ([OK, length(WHOLE), b"x", b"x"],                             1.0,             requests.exceptions.RequestException),
    ([OK, length(WHOLE), WHOLE[:-1]],                             0.0,             requests.exceptions.ChunkedEncodingError),
    ([OK, CHUNKS[:-8]],                                           0.0,             requests.exceptions.ChunkedEncodingError),
    ([OK, b"Content-Encoding: gzip\r\n", length(b"abc"), b"abc"], 0.0,             requests.exceptions.RequestException),
    ([b""],                                                       2.0,             requests.exceptions.ReadTimeout),
    ([],                                                          0.0,             requests.exceptions.ConnectionError),
]  # fmt: skip


@pytest.mark.parametrize(("pieces", "pause", "raised"), BROKEN)
def test_an_answer_that_does_not_come_whole_is_given_up_in_time(pieces, pause, raised):
    began = time.monotonic()
    with pytest.raises(raised):
        asked(answering(*pieces, pause=pause))
    assert time.monotonic() - began < 1.8


def test_it_remembers_how_many_it_sent_and_what_time_it_was_told():
    address = answering(OK, length(b""))
    adapter = TimedAdapter(SHORT, address)
    asked(address, adapter)
    assert (adapter.requests, adapter.dated) == (1, "Sat, 31 Oct 2026 22:00:00 GMT")


def test_a_proxy_is_not_asked_for_this_machine_itself(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert asked(answering(OK, length(b"a"), b"a")).content == b"a"


#   address                         where requests go
ADDRESSES = [
    (None,                           None),
    ("",                             None),
    ("https://gateway.example/x",    "https://gateway.example"),
    ("http://127.0.0.1:8080",        "http://127.0.0.1:8080"),
    ("http://127.3.2.1",             "http://127.3.2.1"),
    ("http://[::1]:80/",             "http://[::1]:80"),
    ("http://localhost:80",          "http://localhost:80"),
]  # fmt: skip
REFUSED = ["http://gateway.example", "http://10.0.0.1", "http://127.0.0.1.example", "ftp://127.0.0.1", "127.0.0.1:80", "https://", "http://0.0.0.0"]  # fmt: skip


@pytest.mark.parametrize(("address", "goes_to"), ADDRESSES)
def test_an_address_that_keeps_secrets_safe_is_taken(address, goes_to):
    assert checked_address(address, "RECON_X") == goes_to


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_in_the_clear_is_refused(address):
    with pytest.raises(SettingsError, match="RECON_X must be an https address"):
        checked_address(address, "RECON_X")
