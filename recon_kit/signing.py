"""Signing: an Ed25519 key from a file that the environment names; it proves who wrote what it signs."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from recon_kit.policy import SettingsError

SIGNING_KEY_FILE = "RECON_SIGNING_KEY_FILE"
"""Names the PEM file of the key: the private one to sign, the private or the public one to check."""


@dataclass(frozen=True)
class SigningKey:
    """A private Ed25519 key; its text is never shown."""

    private: Ed25519PrivateKey

    @property
    def public_key(self) -> str:
        """The public key as PEM, which ``openssl pkeyutl -verify -pubin -rawin`` takes."""
        return _pem(self.private.public_key())

    def sign(self, content: bytes) -> str:
        """Return the signature over ``content`` in base64; the same for the same content."""
        return base64.b64encode(self.private.sign(content)).decode()


def signing_key(environment: Mapping[str, str] = os.environ) -> SigningKey | None:
    """Read the private key that ``RECON_SIGNING_KEY_FILE`` names; none where the variable is not set.

    Raises:
        SettingsError: the file cannot be read, or holds no private Ed25519 key in PEM without a passphrase.
    """
    content = _content(environment)
    if content is None:
        return None
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise SettingsError(_UNUSABLE) from fault
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(_UNUSABLE)
    return SigningKey(key)


def known_public_key(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the public key of the file that ``RECON_SIGNING_KEY_FILE`` names, private or public; none without one.

    Raises:
        SettingsError: the file cannot be read, or holds no Ed25519 key.
    """
    content = _content(environment)
    if content is None:
        return None
    if b"PRIVATE KEY" in content:
        own = signing_key(environment)
        return own.public_key if own else None
    try:
        key = load_pem_public_key(content)
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise SettingsError(_UNUSABLE) from fault
    if not isinstance(key, Ed25519PublicKey):
        raise SettingsError(_UNUSABLE)
    return _pem(key)


def is_genuine(content: bytes, signature: str, public_key: str) -> bool:
    """Tell whether the holder of a public key's private half signed exactly these bytes; never raises."""
    try:
        key = load_pem_public_key(public_key.encode())
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(base64.b64decode(signature, validate=True), content)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, binascii.Error):
        return False
    return True


_UNUSABLE = (
    f"The file that {SIGNING_KEY_FILE} names holds no Ed25519 key in PEM without a passphrase. "
    "Make one with `openssl genpkey -algorithm ed25519 -out signing-key.pem`, and keep it apart from the closes."
)


def _content(environment: Mapping[str, str]) -> bytes | None:
    named = environment.get(SIGNING_KEY_FILE, "").strip()
    if not named:
        return None
    try:
        return Path(named).expanduser().read_bytes()
    except OSError as fault:
        raise SettingsError(f"{SIGNING_KEY_FILE} names a file that cannot be read: {fault.strerror}.") from fault


def _pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
