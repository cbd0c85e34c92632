"""Evidence tables: where every record went, which equations tie, what cannot be tested."""

import dataframely as dy

from recon_kit.schemas import columns as c
from recon_kit.schemas.table import Table


class Sources(dy.Schema):
    """One row per raw file: what it is, how much it holds, and the digest of its bytes."""

    source = c.key()
    object = c.key()
    file = c.key()
    rows = c.count()
    from_at = c.moment()
    to_at = c.moment()
    bytes = c.count()
    sha256 = c.name()


class ControlTotals(dy.Schema):
    """One row per (source, object, file, currency): rows and money as counted when the file was copied."""

    source = c.key()
    object = c.key()
    file = c.key()
    currency = c.key()
    rows = c.count()
    amount_minor = c.maybe_minor()


class DeadLetter(dy.Schema):
    """One row per (part of a pull that failed for good, currency), with the money that part held when last pulled."""

    source = c.name()
    object = c.name()
    shard = c.name()
    attempts = c.count()
    error = c.name()
    exposed_minor = c.maybe_minor()
    currency = c.text()


class Quarantine(dy.Schema):
    """One row per fault of a record that could not be used."""

    source = c.name()
    object = c.name()
    key = c.text()
    file = c.name()
    line = c.count()
    field = c.text()
    value = c.text()
    rule = c.name()
    reason = c.name()
    raw = c.text()
    amount_minor = c.maybe_minor()
    currency = c.text()


class Gate(dy.Schema):
    """One row per closed-won opportunity and thing it lacks."""

    opportunity_id = c.key()
    rule = c.key()
    field = c.name()
    message = c.name()


class Excluded(dy.Schema):
    """One row per record left out on purpose: of the other mode, or after as_of."""

    source = c.name()
    object = c.name()
    key = c.text()
    reason = c.name()


class Buckets(dy.Schema):
    """One row per (source, object, bucket, currency): rows and, where the object carries money, their sum."""

    source = c.key()
    object = c.key()
    bucket = c.key()
    currency = c.key()
    rows = c.count()
    amount_minor = c.maybe_minor()


class Controls(dy.Schema):
    """One row per tie-out equation: both sides, in money and in rows, and whether they agree."""

    control_id = c.key()
    room = c.name()
    equation = c.name()
    left_minor = c.maybe_minor()
    right_minor = c.maybe_minor()
    left_rows = c.maybe_count()
    right_rows = c.maybe_count()
    currency = c.text()
    passes = c.flag()


class NotTestable(dy.Schema):
    """One row per conclusion that the data cannot support, with the money it concerns."""

    subject = c.name()
    id = c.text()
    reason = c.name()
    exposed_minor = c.maybe_minor()
    currency = c.text()
    room = c.name()


class Notes(dy.Schema):
    """One row per remark on the input that changes no figure."""

    source = c.name()
    object = c.name()
    subject = c.text()
    message = c.name()
    records = c.count()


class CommonRates(dy.Schema):
    """One row per currency: the one rate both systems are converted at."""

    currency = c.key()
    rate_on = c.day()
    rate = c.text()
    rate_numerator = c.text()
    rate_denominator = c.text()
    source = c.name()


EVIDENCE = (
    Table("sources", Sources),
    Table("control_totals", ControlTotals),
    Table("dead_letter", DeadLetter, order=("source", "object", "shard", "currency")),
    Table("quarantine", Quarantine, order=("source", "object", "file", "line", "field", "rule")),
    Table("gate", Gate),
    Table("excluded", Excluded, order=("source", "object", "key", "reason")),
    Table("buckets", Buckets),
    Table("controls", Controls),
    Table("not_testable", NotTestable, order=("room", "subject", "id", "reason")),
    Table("notes", Notes, order=("source", "object", "subject", "message")),
    Table("common_rates", CommonRates),
)
