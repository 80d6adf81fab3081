"""What the page says when something goes wrong, and how it goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from open_page import OpenPage
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

TEXT = "저는 서울에 살아요."
Open = Callable[..., OpenPage]


def problem(page: OpenPage) -> str:
    """What the notice says, once it is there."""
    page.wait(lambda: page.find("#problem").is_displayed())
    return page.text("#problem-text")


def test_stopped_service_is_told_in_words(open_page: Open, run_server: Callable[..., Any]) -> None:
    server = run_server()
    page = open_page(server.url)
    translated = page.translate(TEXT, sentences=1)
    server.stop()
    page.forgive(r"/v1/translate/stream .*ERR_CONNECTION_REFUSED")
    page.type(" 네.")
    assert problem(page) == "The service does not answer. Is it running, and are you online?"
    assert page.find("#problem").get_attribute("role") == "alert"
    assert page.texts("#output .sentence") == translated
    page.find("#language").click()
    assert problem(page).startswith("서비스가 응답하지 않습니다.")


def test_trying_again_goes_on_after_an_interruption(page: OpenPage) -> None:
    page.wait(lambda: page.find_all(".model"))
    page.forgive("ERR_INTERNET_DISCONNECTED")
    page.offline(True)
    page.type(TEXT)
    problem(page)
    page.offline(False)
    # Not with the pointer: the page may have noticed the network by itself, and taken it away.
    page.run("document.getElementById('retry').click()")
    page.wait(lambda: page.texts("#mirror .sentence") == [TEXT])


def test_busy_service_is_tried_again_by_itself(page: OpenPage) -> None:
    page.run(
        """
        const real = window.fetch;
        const told = { type: "urn:korean-nmt:problem:overloaded", status: 503, retry_after_s: 1 };
        let left = 2;
        window.fetch = async (url, options) => url.endsWith("/stream") && left-- > 0
          ? new Response(JSON.stringify(told), { status: 503 })
          : real(url, options);
        """
    )
    page.type(TEXT)
    assert problem(page) == "The service is busy. This page tries again by itself."
    page.wait(lambda: page.texts("#mirror .sentence") == [TEXT])
    assert not page.find("#problem").is_displayed()


def test_deadline_is_told_in_words(open_page: Open, run_server: Callable[..., Any]) -> None:
    page = open_page(run_server(NMT_DEADLINE_S="0.0001").url)
    page.forgive(r"/v1/translate/stream .*503")
    page.type(TEXT)
    assert problem(page) == "That took too long. Try again, or with less text at once."


def test_too_much_text_is_told_in_words(open_page: Open, run_server: Callable[..., Any]) -> None:
    page = open_page(run_server(NMT_MAX_CHARS="10", NMT_MAX_BODY_BYTES="40").url)
    page.forgive(r"/v1/translate/stream .*413")
    page.type(TEXT)
    assert problem(page).startswith("The text is too long.")
    assert page.text("#counter").startswith("11 / 10 characters: too long.")
    assert not page.find("#retry").is_displayed()
    # The page knows the limit of characters and sends nothing.
    sent = lambda: [r for r in page.read_requests() if r["method"] == "POST"]  # noqa: E731
    assert sent() == []
    page.press(Keys.BACKSPACE * 3)
    page.wait(sent)
    assert problem(page).startswith("The text is too long.")
    assert page.text("#counter") == "8 / 10"


def test_key_is_asked_for_and_kept_for_the_session(
    open_page: Open, run_server: Callable[..., Any], tmp_path: Path
) -> None:
    key = "nmt_" + "k" * 43
    keys = tmp_path / "keys"
    keys.write_text(f"tester:{hashlib.sha256(key.encode()).hexdigest()}:translate\n")
    page = open_page(run_server(NMT_API_KEYS_FILE=str(keys)).url)
    page.forgive(r"status of 40[13]")
    page.wait(lambda: page.find("#source").is_displayed())
    page.type(TEXT)
    page.wait(lambda: page.find("#key").is_displayed())
    page.find("#key-value").send_keys("wrong")
    page.find("#key button").click()
    page.wait(lambda: "does not accept" in page.text("#problem-text"))
    page.find("#key-value").clear()
    page.find("#key-value").send_keys(key)
    page.find("#key button").click()
    page.wait(lambda: page.texts("#mirror .sentence") == [TEXT])
    assert not page.find("#key").is_displayed()
    assert page.run("return sessionStorage.getItem('nmt.key')") == key
    assert key not in page.run("return JSON.stringify({...localStorage})")
