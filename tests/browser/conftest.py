"""A browser, and a page that was really executed and exported."""

import os
import shutil
from pathlib import Path

import papermill
import pytest
from playwright.sync_api import sync_playwright
from traitlets.config import Config

from recon_kit.runner.export import export_notebook

WORKPAPER = Path(__file__).with_name("workpaper.ipynb")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium():
    """The system's Chromium; without one the test is skipped, except under CI."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        reason = "no Chromium on this machine: install the package chromium"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium):
    """An empty page in a browser of its own."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def executed_workpaper(tmp_path_factory):
    """The small workpaper, executed by papermill."""
    folder = tmp_path_factory.mktemp("workpaper")
    config = Config()
    config.KernelManager.transport_encryption = "auto"
    papermill.execute_notebook(
        WORKPAPER,
        folder / "executed.ipynb",
        parameters={
            "params": str(folder / "params.yaml"),
            "as_of": "2026-10-31",
            "close_dir": str(folder / "2026-10-31.partial"),
        },
        kernel_name="python3",
        progress_bar=False,
        cwd=str(Path(__file__).parents[2]),
        config=config,
    )
    return folder / "executed.ipynb"


@pytest.fixture(scope="session")
def exported_page(executed_workpaper):
    """The workpaper as the auditor gets it."""
    path = executed_workpaper.with_name("04_gaps.html")
    sign_off = {"Prepared by": "", "Reviewed by": "", "Date": ""}
    export_notebook(executed_workpaper, path, title="Where sales and billing disagree", sign_off=sign_off)
    return path
