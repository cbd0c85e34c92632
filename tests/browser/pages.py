"""Checks that any page of a pack must pass, for a single page or a whole folder."""

from axe_playwright_python.sync_playwright import Axe

GRAVE = {"serious", "critical"}


def watch(page):
    """Collect what a page asks of the network and what it complains about, from now on."""
    seen = {"requests": [], "complaints": []}
    page.on("request", lambda request: seen["requests"].append(request.url))
    page.on(
        "console",
        lambda message: seen["complaints"].append(message.text) if message.type in {"error", "warning"} else None,
    )
    page.on("pageerror", lambda error: seen["complaints"].append(str(error)))
    return seen


def assert_page_is_offline_and_clean(page, path):
    """Open a page of a pack: it loads itself only, complains of nothing, and reads well for everyone."""
    seen = watch(page)
    page.goto(path.as_uri())
    for _ in range(min(3, page.locator(".rk-grid [aria-expanded=false]:visible").count())):
        page.locator(".rk-grid [aria-expanded=false]:visible").first.click()
    asked = [url for url in seen["requests"] if url != path.as_uri() and not url.startswith("data:")]
    assert asked == [], f"{path.name} asks the network for {asked}"
    assert seen["complaints"] == [], f"{path.name}: {seen['complaints']}"
    assert grave_findings(page) == [], f"{path.name} is hard to use for some readers"


def assert_pack_is_offline_and_clean(page, folder):
    """Check every page of a pack's ``html`` folder; an empty folder fails."""
    paths = sorted(folder.glob("*.html"))
    assert paths, f"no page in {folder.name}"
    for path in paths:
        assert_page_is_offline_and_clean(page, path)


def grave_findings(page):
    """Run axe-core and return its serious and critical findings as ``rule: element``."""
    # A content policy does not bind the browser's owner; axe has to be let in.
    violations = Axe().run(page).response["violations"]
    return [f"{v['id']}: {node['html'][:120]}" for v in violations if v["impact"] in GRAVE for node in v["nodes"]]
