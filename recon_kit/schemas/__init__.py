"""The tables rooms meet in: one schema a table, declared once, named as in the close folder."""

from recon_kit.schemas.alerts import ALERTS
from recon_kit.schemas.billing import BILLING
from recon_kit.schemas.crm import CRM
from recon_kit.schemas.evidence import EVIDENCE
from recon_kit.schemas.findings import FINDINGS
from recon_kit.schemas.link_audit import LINK_AUDIT
from recon_kit.schemas.linkage import LINKAGE
from recon_kit.schemas.payments import PAYMENTS
from recon_kit.schemas.table import Table
from recon_kit.schemas.worksheets import WORKSHEETS

VERSION = 2
"""Raised when a table's columns change; stands in every manifest."""

_GROUPS = (EVIDENCE, CRM, BILLING, PAYMENTS, WORKSHEETS, LINKAGE, LINK_AUDIT, FINDINGS, ALERTS)

TABLES: dict[str, Table] = {table.name: table for group in _GROUPS for table in group}

__all__ = ["TABLES", "VERSION", "Table"]
