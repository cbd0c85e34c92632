"""Identifiers that look like Stripe's and Salesforce's and depend only on what they name."""

from hashlib import sha256

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
STRIPE = {
    "customer": ("cus_", 14),
    "subscription": ("sub_1Q", 22),
    "item": ("si_", 14),
    "invoice": ("in_1Q", 22),
    "invoice_line": ("il_1Q", 22),
    "invoice_item": ("ii_1Q", 22),
    "charge": ("ch_3Q", 22),
    "payment_intent": ("pi_3Q", 22),
    "invoice_payment": ("inpay_1Q", 22),
    "balance_transaction": ("txn_3Q", 22),
    "payout": ("po_1Q", 22),
    "event": ("evt_1Q", 22),
    "refund": ("re_3Q", 22),
    "credit_note": ("cn_1Q", 22),
    "credit_note_line": ("cnli_1Q", 22),
    "dispute": ("du_1Q", 22),
    "tax_rate": ("txr_1Q", 22),
    "price": ("price_1Q", 22),
    "product": ("prod_", 14),
    "discount": ("di_1Q", 22),
    "coupon": ("", 8),
    "schedule": ("sub_sched_1Q", 22),
    "payment_method": ("pm_1Q", 22),
    "bank_account": ("ba_1Q", 22),
}
SALESFORCE = {
    "account": "001",
    "contact": "003",
    "opportunity": "006",
    "line": "00k",
    "contract": "800",
    "history": "008",
    "user": "005",
    "pricebook_entry": "01u",
    "product": "01t",
}


def base62(text: str, length: int) -> str:
    """Hash a text to ``length`` letters and digits."""
    number, letters = int.from_bytes(sha256(text.encode()).digest()), []
    for _ in range(length):
        number, rest = divmod(number, 62)
        letters.append(ALPHABET[rest])
    return "".join(letters)


def stripe_id(kind: str, *name: object) -> str:
    """Identifier of a Stripe object, e.g. ``sub_1Q…``."""
    prefix, length = STRIPE[kind]
    text = base62("/".join(map(str, (kind, *name))), length)
    return prefix + (text.upper() if kind == "coupon" else text)


def salesforce_id(kind: str, *name: object) -> str:
    """Eighteen-character Salesforce identifier, with its case check suffix."""
    body = SALESFORCE[kind] + "Qy000" + base62("/".join(map(str, (kind, *name))), 7)
    chunks = (body[start : start + 5] for start in (0, 5, 10))
    return body + "".join(CHECK[sum(1 << i for i, letter in enumerate(chunk) if letter.isupper())] for chunk in chunks)


def is_even(text: str) -> bool:
    """Deterministic coin toss over an identifier."""
    return sha256(text.encode()).digest()[0] % 2 == 0
