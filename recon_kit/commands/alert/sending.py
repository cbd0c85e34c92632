"""Sending: the one place outside the room extract that reaches another machine; an address never leaves it.

An address stands in an environment variable, for it holds a key: it is told to nobody, in no file, log or message. What
goes wrong is told by the variable's name.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import apprise
import stamina
from stamina.instrumentation import set_on_retry_hooks

OWNER_EMAIL = "{owner_email}"
"""Where an address takes the e-mail address of the opportunity's owner."""


class NotSent(RuntimeError):  # noqa: N818  (what became of the alert)
    """An alert did not reach its receiver; the message names the variable, never the address."""


class _Refused(RuntimeError):  # noqa: N818  (what a receiver did)
    """One try failed."""


@dataclass(frozen=True)
class Patience:
    """How often an alert is tried; waits are seconds and double from one try to the next."""

    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 10


@dataclass(frozen=True)
class Message:
    """What is sent: a title of one line, the sentence, and whose opportunity it is."""

    title: str
    body: str
    owner_emails: tuple[str, ...] = ()


@dataclass(frozen=True)
class Receivers:
    """The addresses of an environment.

    Attributes:
        environment: names of variables and what they hold.
        patience: how often an alert is tried.
    """

    environment: Mapping[str, str] = field(repr=False)
    patience: Patience = field(default_factory=Patience)
    _open: dict[str, list[apprise.Apprise]] = field(default_factory=dict, repr=False)

    def has(self, variable: str) -> bool:
        """Tell whether a variable holds an address."""
        return bool(self.environment.get(variable, "").strip())

    def refusal(self, variable: str) -> str | None:
        """Say why nothing could be sent to the address of a variable; none: Apprise knows its service."""
        try:
            with _nothing_logged():
                self._services(variable, Message("", "", ("owner@example.com",)))
        except NotSent as why:
            return str(why)
        return None

    def send(self, variable: str, message: Message) -> None:
        """Send a message to the address of a variable, again while it fails; an address of several is tried one by one.

        Raises:
            NotSent: the variable holds no address, or every try failed.
        """
        with _nothing_logged():
            waiting = self._services(variable, message)
            try:
                for attempt in self._attempts():
                    with attempt:
                        waiting = [service for service in waiting if not _took(service, message)]
                        _require_none(waiting)
            except _Refused:
                tries = f"{self.patience.attempts} tries" if self.patience.attempts > 1 else "one try"
                raise NotSent(f"{variable}: the receiver did not take it in {tries}") from None

    def _attempts(self) -> Iterable[stamina.Attempt]:
        set_on_retry_hooks(())  # else stamina writes every retry to the terminal
        return stamina.retry_context(
            on=_Refused,
            attempts=self.patience.attempts,
            timeout=None,
            wait_initial=self.patience.first_wait,
            wait_max=self.patience.longest_wait,
            wait_jitter=0,
        )

    def _services(self, variable: str, message: Message) -> list[apprise.Apprise]:
        """Open the receivers of an address, each once, so that its own pace is kept."""
        address = self.environment.get(variable, "").strip()
        if OWNER_EMAIL in address:
            if not message.owner_emails:
                raise NotSent(f"{variable}: it wants the owner's e-mail address, and Salesforce has none")
            address = address.replace(OWNER_EMAIL, ",".join(quote(one, safe="@") for one in message.owner_emails))
        if address not in self._open:
            self._open[address] = _opened(variable, address)
        return list(self._open[address])


def _opened(variable: str, address: str) -> list[apprise.Apprise]:
    asset = apprise.AppriseAsset(async_mode=False, storage_mode="memory", app_id="Recon Kit", app_desc="Recon Kit")
    every = apprise.Apprise(asset=asset)
    if not address or not every.add(address):
        raise NotSent(f"{variable}: it holds no address of a service that Apprise knows")
    return [apprise.Apprise(service, asset=asset) for service in every]


def _took(service: apprise.Apprise, message: Message) -> bool:
    try:
        sent = service.notify(body=message.body, title=message.title, body_format=apprise.NotifyFormat.TEXT)
    except Exception:  # noqa: BLE001  (whatever a service raises may hold its address)
        return False
    return bool(sent)


def _require_none(waiting: list[apprise.Apprise]) -> None:
    if waiting:
        raise _Refused


@contextlib.contextmanager
def _nothing_logged() -> Iterator[None]:
    """Keep Apprise and what it uses from writing addresses to a log or the terminal."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
