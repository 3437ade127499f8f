"""A headless Chromium on the page of a running daemon, seen as its reader sees it."""
import tempfile

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from harness import wait_until

OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server"]


class Chromium:
    def __init__(self, vedette, width=1280, height=900):
        self.vedette = vedette
        self.profile = tempfile.TemporaryDirectory(prefix="vedette-browser-", ignore_cleanup_errors=True)
        options = webdriver.ChromeOptions()
        for option in [*OPTIONS, f"--user-data-dir={self.profile.name}"]:
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        # A window may be no narrower than some 500 pixels; what the page sees may.
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def end(self):
        self.driver.quit()
        self.profile.cleanup()

    # --- going ---

    def url(self, path="/"):
        return f"http://{self.vedette.addresses['control']}{path}"

    def open(self, path="/"):
        self.driver.get(self.url(path))

    def sign_in(self, token):
        self.open("/sign-in")
        wait_until(lambda: self.all("#token") and self.one("#token").is_displayed(), "the form is there")
        self.one("#token").send_keys(token)
        self.one("#sign-in button").click()

    def open_proposal(self, proposal):
        self.driver.execute_script("location.hash = arguments[0]", f"#/proposals/{proposal['id']}")
        self.wait_for("#detail-title")

    # --- looking ---

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """What stands there; None while it does not, is being drawn anew, or another page comes."""
        try:
            return self.one(selector).text
        except WebDriverException:
            return None

    def texts(self, selector):
        return self.driver.execute_script("return [...document.querySelectorAll(arguments[0])].map((element) => element.textContent)", selector)

    def wait_for(self, selector, text=""):
        def is_there():
            seen = self.text(selector)
            return seen is not None and text in seen
        wait_until(is_there, f"{selector} says {text!r}")
        return self.one(selector)

    def wait_for_state(self, state):
        wait_until(lambda: self.all(f'#detail[data-state="{state}"]'), f"the page shows {state}")

    def click(self, selector):
        self.one(selector).click()

    def press(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def errors(self, expected=()):
        """What the console complains about, but for answers with the `expected` statuses."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING") and not any(f"a status of {status} " in entry["message"] for status in expected)]
