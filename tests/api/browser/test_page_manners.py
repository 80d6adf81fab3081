"""How the page behaves: languages, theme, phone, keyboard, input methods, what is announced."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from open_page import OpenPage
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

TEXT = "저는 서울에 살아요. 내일 부산에 가요."
Open = Callable[..., OpenPage]


def background(page: OpenPage) -> float:
    """How light the page is, 0 to 255."""
    colour = page.run(
        "const canvas = document.createElement('canvas').getContext('2d');"
        "canvas.fillStyle = getComputedStyle(document.body).backgroundColor;"
        "canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]"
    )
    return float(sum(colour[:3])) / 3


def test_language_is_switched_and_remembered(page: OpenPage) -> None:
    assert page.text("#source-head") == "Korean"
    page.find("#language").click()
    assert page.text("#source-head") == "한국어"
    assert page.find("html").get_attribute("lang") == "ko"
    page.load()
    assert page.text("#source-head") == "한국어"


def test_language_of_the_browser_comes_first(open_page: Open, server: str) -> None:
    page = open_page(server, language="ko-KR")
    assert page.text("#copy") == "복사"
    page.translate("Hello there.", sentences=1)
    assert "한국어 아님" in page.text("#flags")


def test_dark_theme_follows_the_system_and_the_switch(page: OpenPage) -> None:
    assert background(page) > 200
    page.cdp(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}]
    )
    assert background(page) < 60
    page.find("#theme").click()
    assert background(page) > 200
    page.load()
    assert background(page) > 200


def test_phone_scrolls_in_one_direction_only(page: OpenPage) -> None:
    page.cdp("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=2,
             mobile=True)  # fmt: skip
    page.translate(TEXT + " " + "아주" * 60 + " https://example.com/" + "a" * 80, sentences=3)
    page.find_all("#output .sentence")[0].click()
    page.wait(lambda: page.find_all("#heatmap td[data-weight]"))
    assert page.run("return [document.documentElement.scrollWidth, innerWidth]") == [360, 360]


def test_keyboard_alone_reaches_words_and_other_translations(page: OpenPage) -> None:
    first, _ = page.translate(TEXT, sentences=2)
    for _ in range(6):
        if page.run("return document.activeElement.closest('#output') !== null"):
            break
        page.press(Keys.TAB)
    assert page.run("return document.activeElement.textContent") == first
    page.press(Keys.ARROW_RIGHT)
    assert page.find_all("#output .word.at")
    assert page.find_all("#mirror .word.linked")
    assert "←" in page.texts("#announce")[0]
    page.press(Keys.ARROW_DOWN, Keys.ENTER)
    assert page.text("#details-source") == "내일 부산에 가요."
    assert page.run("return document.activeElement.name") == "alternative"
    page.press(Keys.ESCAPE)
    assert not page.find("#details").is_displayed()
    assert page.run("return document.activeElement.closest('#output') !== null")


def test_focus_can_be_seen(page: OpenPage) -> None:
    page.translate(TEXT, sentences=2)
    page.press(Keys.TAB)
    style = "return getComputedStyle(document.activeElement).outlineStyle"
    assert page.run(style) != "none"


def test_result_is_announced(page: OpenPage) -> None:
    page.translate(TEXT, sentences=2)
    assert page.find("#announce").get_attribute("aria-live") == "polite"
    assert page.texts("#announce") == [f"Translation: {page.texts('#output')[0]}"]


def test_every_control_has_a_name(page: OpenPage) -> None:
    page.translate(TEXT, sentences=2)
    page.find_all("#output .sentence")[0].click()
    nodes = page.cdp("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "textbox", "radio", "link", "tab", "table", "DisclosureTriangle"}
    bare = [
        node["nodeId"]
        for node in nodes
        if not node["ignored"]
        and node["role"]["value"] in roles - {"table"}
        and not node.get("name", {}).get("value")
    ]
    assert bare == []
    assert {"button", "textbox", "radio", "table"} <= {n["role"]["value"] for n in nodes}


def test_input_method_sends_no_half_syllables(page: OpenPage) -> None:
    for composed in ("ㅎ", "하", "한"):
        page.cdp("Input.imeSetComposition", text=composed, selectionStart=1, selectionEnd=1)
    page.cdp("Input.insertText", text="한")
    for composed in ("ㄱ", "구", "국"):
        page.cdp("Input.imeSetComposition", text=composed, selectionStart=1, selectionEnd=1)
    # The last syllable is never confirmed: the pause is enough.
    page.wait(lambda: page.texts("#mirror .sentence") == ["한국"])
    sent = [r["body"]["text"] for r in page.read_requests() if r["method"] == "POST"]
    assert sent[-1] == "한국"
    assert not [text for text in sent if "ㅎ" in text or "ㄱ" in text]


def test_runner_waits_for_whole_syllables_and_gives_up_old_requests(page: OpenPage) -> None:
    seen = page.run(
        """
        const { Runner } = await import("/web/runner.js");
        const due = new Map(), real = [setTimeout, clearTimeout];
        let next = 1;
        window.setTimeout = (work, ms) => (due.set(next, ms), next++);
        window.clearTimeout = (id) => due.delete(id);
        try {
          const seen = [], signals = [];
          const runner = new Runner((signal) => signals.push(signal));
          const type = (text, isComposing) => {
            runner.changed(text, isComposing);
            seen.push([...due.values()]);
          };
          type("안녕ㅎ", true);
          type("안녕하", true);
          type("안녕하세", false);
          type("ㅋㅋㅋ", false);
          runner.now();
          runner.now();
          return { seen, aborted: signals.map((signal) => signal.aborted), left: due.size };
        } finally {
          [window.setTimeout, window.clearTimeout] = real;
        }
        """
    )
    assert seen["seen"] == [[], [700], [300], [300]]
    assert seen["aborted"] == [True, False]
    assert seen["left"] == 0


def test_events_are_read_from_chunks_of_any_size(page: OpenPage) -> None:
    script = """
        const { readEvents } = await import("/web/events.js");
        const bytes = new TextEncoder().encode(given[0]);
        const body = new ReadableStream({ start(out) {
          for (let at = 0; at < bytes.length; at += given[1]) out.enqueue(bytes.slice(at, at + given[1]));
          out.close();
        } });
        const events = [];
        for await (const event of readEvents(body)) events.push(event);
        return events;
    """  # noqa: E501
    text = ': hello\r\n\r\nevent: sentence\r\ndata: {"text":\r\ndata: "한국 😀"}\r\n\r\n'
    text += "event: done\ndata: {}\n\ndata: 1"
    expected = [{"name": "sentence", "data": {"text": "한국 😀"}}, {"name": "done", "data": {}}]
    for size in (1, 2, 3, 1000):
        assert page.run(script, text, size) == expected


def test_words_are_linked_by_what_their_tokens_spend(page: OpenPage) -> None:
    linked = page.run(
        """
        const { linkWords, linksOf } = await import("/web/words.js");
        const token = (start, end) => ({ start, end });
        const links = linkWords({
          source: "😀 서울에 가요.", start: 5, text: "Go to Seoul.",
          attention: {
            source_tokens: [token(5, 6), token(7, 9), token(9, 10), token(11, 13), token(13, 14), token(14, 14)],
            target_tokens: [token(0, 2), token(3, 5), token(6, 8), token(8, 11), token(11, 12), token(12, 12)],
            weights: [[0, 0, 0, 1, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0.5, 0.1, 0.4, 0, 0],
                      [0, 0.7, 0.1, 0.2, 0, 0], [0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1]],
          },
        });
        return [links.source.map((w) => w.text), links.target.map((w) => w.text),
                linksOf(links, "target", 2).real, linksOf(links, "source", 1).shown];
        """  # noqa: E501
    )
    assert linked[0] == ["😀", "서울에", "가요", "."]
    assert linked[1] == ["Go", "to", "Seoul", "."]
    assert linked[2] == pytest.approx([0, 0.7, 0.3, 0])
    assert linked[3] == pytest.approx([0, 1, 0.7, 0])  # the strongest is made 1
