"""A headless browser, and the accessibility problems that axe-core finds in a page."""

import shutil
from pathlib import Path

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--no-proxy-server",
    "--window-size=1000,800",
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A Chromium driven by Selenium, one for each worker; skipped if it is not installed."""
    webdriver = pytest.importorskip("selenium.webdriver")
    chromium = next(filter(None, map(shutil.which, _NAMES)), None)
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("Chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*_FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(flag)
    service = webdriver.ChromeService(driver)
    made = webdriver.Chrome(options=options, service=service)
    yield made
    made.quit()


def use_scheme(browser, scheme):
    """Emulate the preferred colour scheme `light` or `dark`."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def violations(browser):
    """Return the problems that axe-core finds in the current page, one line for each."""
    axe = pytest.importorskip("axe_core_python")
    (folder,) = axe.__path__
    browser.execute_script((Path(folder) / "axe.min.js").read_text(encoding="utf-8"))
    found = browser.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run().then(found => done({found: found.violations}),"
        " error => done({error: String(error)}));"
    )
    assert "error" not in found, found["error"]
    return [
        f"{violation['id']}: {node['html']} – {node['failureSummary']}"
        for violation in found["found"]
        for node in violation["nodes"]
    ]
