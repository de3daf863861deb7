"""A briefing in Chromium: it has the letters of every script, fits A4, loads nothing, and each printed page has its line."""

from __future__ import annotations

import base64
import shutil
import subprocess

import pytest

from mekong.sinks.reports.page import page
from tests.debian import installed
from tests.integration.page.conftest import open_chromium, programs
from tests.unit.made_briefing import made

__all__ = ["open_chromium", "programs"]
SCRIPTS = {
    "Thai": ("ยาบ้า", "Noto Sans Thai"),
    "Lao": ("ຢາບ້າ", "Noto Sans Lao"),
    "Khmer": ("ឱសថ", "Noto Sans Khmer"),
    "Burmese": ("ဆေးဝါး", "Noto Sans Myanmar"),
    "Vietnamese": ("Ngà voi, tê tê", ""),
}
A4_PX = 794
"""The width of A4 at 96 pixels an inch."""


@pytest.fixture(scope="session")
def fonts():
    """The fonts that docs/report.md names; root of a Debian gets them installed."""

    def there():
        listed = (
            subprocess.run(["fc-list", ":", "family"], capture_output=True, text=True, check=False).stdout
            if shutil.which("fc-list")
            else ""
        )
        return all(family in listed for _, family in SCRIPTS.values() if family)

    installed("fonts of these scripts", there, "fontconfig", "fonts-noto-core")


def fonts_of(browser, text):
    """The fonts by which Chromium draws a text of a cell."""
    browser.execute_cdp_cmd("DOM.enable", {})
    browser.execute_cdp_cmd("CSS.enable", {})
    root = browser.execute_cdp_cmd("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    found = browser.execute_cdp_cmd("DOM.performSearch", {"query": f"//td[contains(., '{text}')]"})
    assert found["resultCount"], text
    nodes = browser.execute_cdp_cmd("DOM.getSearchResults", {"searchId": found["searchId"], "fromIndex": 0, "toIndex": 1})["nodeIds"]
    assert root
    used = browser.execute_cdp_cmd("CSS.getPlatformFontsForNode", {"nodeId": nodes[0]})["fonts"]
    return {one["familyName"] for one in used}


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_a_briefing_is_readable_and_prints_on_a4(open_chromium, fonts, tmp_path, language):
    text = " · ".join(word for word, _ in SCRIPTS.values())
    file = tmp_path / "report.html"
    file.write_text(page(made(language, text=text)), encoding="utf-8")
    browser = open_chromium(width=A4_PX)
    browser.get(file.as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= A4_PX
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert browser.get_log("browser") == []
    used = fonts_of(browser, SCRIPTS["Lao"][0])
    for word, family in SCRIPTS.values():
        assert not family or any(one.startswith(family) for one in used), f"{word}: drawn by {used}"
    pdf = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": False})["data"])
    (tmp_path / "report.pdf").write_bytes(pdf)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type /Page/") >= 2
    if shutil.which("pdftotext"):
        printed = subprocess.run(["pdftotext", "-layout", tmp_path / "report.pdf", "-"], capture_output=True, text=True, check=True).stdout
        pages = [one for one in printed.split("\f") if one.strip()]
        assert all("TLP:AMBER" in one and "2026-11-28" in one for one in pages)
