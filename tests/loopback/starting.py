"""Start a server in a process of its own and stop it: it also ends when the process that started it does."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 300


class Running(str):
    """Address of a server that runs, and its control paths."""

    __slots__ = ()

    def control(self, name: str, content: object = None) -> Any:
        """Tell or ask the server something; faults of the request are raised as ``urllib.error.HTTPError``."""
        body = json.dumps(content).encode()
        asked = urllib.request.Request(f"{self}/_control/{name}", data=body, method="POST")  # noqa: S310 loopback
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(asked, timeout=120) as answered:
            return json.loads(answered.read())

    def counters(self) -> dict[str, Any]:
        """Requests by subject, answers by status, refused ones, the largest concurrency."""
        return self.control("counters")

    def reset(self) -> None:
        """Set all counters to zero; faults count their requests anew."""
        self.control("reset")

    def plan_faults(self, faults: list[dict[str, object]]) -> None:
        """Replace the fault schedule; requests are counted anew."""
        self.control("faults", faults)

    def change(self, *operations: dict[str, object]) -> Any:
        """Change what the system holds."""
        return self.control("change", list(operations))


def stripe_server(folder: Path | str, **options: object) -> "Any":
    """Stripe with the objects of a raw folder; a context manager that gives its address."""
    return _running("tests.loopback.stripe_server", folder, options)


def salesforce_server(folder: Path | str, **options: object) -> "Any":
    """Salesforce with the rows of a raw folder; a context manager that gives its address."""
    return _running("tests.loopback.salesforce_server", folder, options)


@contextmanager
def _running(module: str, folder: Path | str, options: dict[str, object]) -> Iterator[Running]:
    """Run a module until the block ends; options travel through a pipe, for some of them are keys."""
    asked = json.dumps(options | {"folder": str(Path(folder).resolve())})
    with subprocess.Popen(
        [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        try:
            process.stdin.write(asked.encode() + b"\n")
            process.stdin.flush()
            port = process.stdout.readline().strip()
            if not port:
                message = f"{module} did not start; it says why above"
                raise RuntimeError(message)
            yield Running(f"http://127.0.0.1:{port.decode()}")
        finally:
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
