"""Is everything set up for a pull? Asks the systems themselves, and writes nothing."""

from recon_kit.extract.set_up.finding import Finding
from recon_kit.extract.set_up.folders import folder_findings
from recon_kit.extract.set_up.systems import system_findings

__all__ = ["Finding", "folder_findings", "system_findings"]
