"""The page in a real browser, for tests: open it, do what a reader does, see what it shows."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver import ActionChains, Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

WAIT_S = 30
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)
T = TypeVar("T")


def start_chromium(profile: Path) -> Chrome:
    """Starts the system's Chromium with its own driver, so that nothing is downloaded."""
    options = ChromeOptions()
    options.binary_location = next(filter(None, map(shutil.which, BROWSERS)))
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return Chrome(options=options, service=Service(shutil.which("chromedriver")))


class OpenPage:
    """The page of a service, opened anew.

    Args:
        driver: the browser.
        url: the service's address.
        language: the browser's, e.g. ko-KR.
    """

    def __init__(self, driver: Chrome, url: str, language: str = "en-US") -> None:
        self.driver = driver
        self.url = url
        self.requests: list[dict[str, Any]] = []
        # Older services have no documents; the page asks, and hides its tab.
        self.forgiven = [r"/v1/documents/formats .*404"]
        agent = driver.execute_script("return navigator.userAgent")
        self.cdp("Emulation.clearDeviceMetricsOverride")
        self.cdp("Emulation.setEmulatedMedia", features=[])
        self.cdp("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)
        self.cdp("Storage.clearDataForOrigin", origin=url, storageTypes="all")
        driver.get_log("browser")
        driver.get_log("performance")
        self.load()

    def load(self) -> None:
        """Opens the page again."""
        self.driver.get(self.url)

    def close(self) -> None:
        """Leaves the page, so that it asks for nothing any more."""
        self.offline(False)
        self.read_requests()
        self.driver.execute_script("sessionStorage.clear(); localStorage.clear()")
        self.driver.get("about:blank")

    # ------------------------------------------------------------ what a reader does

    def type(self, text: str) -> None:
        """Types into the source."""
        self.find("#source").send_keys(text)

    def translate(self, text: str, sentences: int) -> list[str]:
        """Types a text and waits for its translation; gives the sentences' translations."""
        self.type(text)
        self.wait(lambda: len(self.find_all("#mirror .sentence")) == sentences)
        return self.texts("#output .sentence")

    def hover(self, element: WebElement) -> None:
        """Moves the pointer onto an element."""
        ActionChains(self.driver).move_to_element(element).perform()

    def press(self, *keys: str) -> None:
        """Presses keys where the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def offline(self, is_offline: bool) -> None:
        """Takes the network away, or gives it back."""
        self.cdp("Network.enable")
        self.cdp("Network.emulateNetworkConditions", offline=is_offline, latency=0,
                 downloadThroughput=-1, uploadThroughput=-1)  # fmt: skip

    # ------------------------------------------------------------ what it shows

    def find(self, selector: str) -> WebElement:
        """Gives the first element of a selector."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector: str) -> list[WebElement]:
        """Gives all elements of a selector."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """Gives the texts of all elements of a selector."""
        return [str(element.get_property("textContent")) for element in self.find_all(selector)]

    def text(self, selector: str) -> str:
        """Gives what an element shows."""
        return self.find(selector).text

    def run(self, script: str, *arguments: object) -> Any:
        """Runs a script in the page; gives what it returns, awaited."""
        body = f"return (async (...given) => {{ {script} }})(...arguments)"
        return self.driver.execute_script(body, *arguments)

    def wait(self, condition: Callable[[], T]) -> T:
        """Waits until a condition holds; gives its value."""

        def holds(_: Chrome) -> T:
            return condition()

        waiting = WebDriverWait(
            self.driver, WAIT_S, 0.05, ignored_exceptions=[StaleElementReferenceException]
        )
        try:
            return waiting.until(holds)
        except TimeoutException:
            shown = self.text("body")
            raise TimeoutError(f"not in {WAIT_S} s; the page shows: {shown}") from None

    # ------------------------------------------------------------ what went on behind it

    def cdp(self, command: str, **parameters: object) -> Any:
        """Sends a command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(command, parameters)

    def read_requests(self) -> list[dict[str, Any]]:
        """Gives the requests of the page since it was opened: url, method, body."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                request = message["params"]["request"]
                self.requests.append(
                    {
                        "url": request["url"],
                        "method": request["method"],
                        "body": json.loads(request.get("postData") or "{}"),
                    }
                )
        return self.requests

    def forgive(self, pattern: str) -> None:
        """Lets an error of the console pass, where a test makes it happen."""
        self.forgiven.append(pattern)

    def faults(self) -> list[str]:
        """Gives the console's errors and warnings, and requests to other hosts."""
        found = [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["level"] in ("SEVERE", "WARNING")
            and not any(re.search(pattern, entry["message"]) for pattern in self.forgiven)
        ]
        host = urlsplit(self.url).netloc
        schemes = ("data", "blob", "about")
        for request in self.requests:
            parts = urlsplit(request["url"])
            if parts.scheme not in schemes and parts.netloc != host:
                found.append(f"request to {request['url']}")
        return found
