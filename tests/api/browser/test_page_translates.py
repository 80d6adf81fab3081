"""The page translates: typing, linking, other translations, attention, flags."""

from __future__ import annotations

import math

import pytest
from open_page import OpenPage
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

TEXT = "저는 서울에 살아요. 내일 부산에 가요."


def weights(page: OpenPage, selector: str) -> list[float]:
    """How strongly each word lights up; 0 where it does not."""
    script = (
        "return [...document.querySelectorAll(given[0])].map((word) => "
        "word.classList.contains('linked') ? Number(word.style.getPropertyValue('--w')) : 0)"
    )
    return list(page.run(script, selector))


def test_typing_shows_a_translation(page: OpenPage) -> None:
    translations = page.translate(TEXT, sentences=2)
    assert all(text.strip() for text in translations)
    assert page.text("#counter") == f"{len(TEXT)} / 100,000"
    assert not page.find("#problem").is_displayed()
    assert page.find("#copy").is_enabled()


def test_clearing_takes_everything_away(page: OpenPage) -> None:
    page.translate(TEXT, sentences=2)
    page.find("#clear").click()
    page.wait(lambda: page.texts("#output .sentence") == [])
    assert not page.find("#copy").is_enabled()


def test_example_is_translated(page: OpenPage) -> None:
    page.find("#example").click()
    page.wait(lambda: len(page.find_all("#mirror .sentence")) == 3)


def test_text_is_in_no_address_and_in_no_storage(page: OpenPage) -> None:
    page.translate(TEXT, sentences=2)
    page.find(".model").click()
    stored = page.run("return JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "서울" not in stored
    page.load()
    assert page.find("#source").get_property("value") == ""
    assert not [r for r in page.read_requests() if "?" in r["url"]]


def test_pointing_at_a_sentence_lights_both_sides(page: OpenPage) -> None:
    page.translate(TEXT, sentences=2)
    page.hover(page.find_all("#output .sentence")[1])
    assert page.texts("#mirror .lit") == ["내일 부산에 가요."]
    assert len(page.find_all("#output .lit")) == 1


def test_pointing_at_the_source_lights_both_sides(page: OpenPage) -> None:
    translations = page.translate(TEXT, sentences=2)
    page.hover(page.find_all("#mirror .sentence")[0])
    page.wait(lambda: page.texts("#output .lit") == translations[:1])


def test_caret_in_the_source_lights_both_sides(page: OpenPage) -> None:
    translations = page.translate(TEXT, sentences=2)
    page.press(Keys.HOME)
    page.wait(lambda: page.texts("#output .lit") == translations[:1])


def test_emoji_before_a_sentence_does_not_shift_it(page: OpenPage) -> None:
    page.run(
        "const area = document.getElementById('source'); area.value = given[0];"
        "area.dispatchEvent(new InputEvent('input'))",
        "😀😀 안녕하세요. 내일 부산에 가요.",
    )
    page.wait(lambda: len(page.find_all("#mirror .sentence")) == 2)
    assert page.texts("#mirror .sentence")[1] == "내일 부산에 가요."
    assert page.text("#counter").startswith("20 /")
    page.hover(page.find_all("#mirror .sentence")[1])
    assert page.texts("#mirror .sentence:last-of-type .word") == ["내일", "부산에", "가요", "."]


def test_pointing_at_a_word_lights_source_words_by_weight(page: OpenPage) -> None:
    page.translate(TEXT, sentences=2)
    page.hover(page.find_all("#output .sentence .word")[0])
    found = page.wait(lambda: weights(page, "#mirror .sentence:first-of-type .word"))
    assert len(found) == 4
    assert max(found) == 1
    assert min(found) < 1
    assert "←" in page.text("#readout")


def test_pointing_at_a_source_word_lights_the_translation(page: OpenPage) -> None:
    page.translate(TEXT, sentences=2)
    page.hover(page.find_all("#mirror .sentence")[0])
    found = page.wait(lambda: [w for w in weights(page, "#output .word") if w])
    assert max(found) == 1
    assert "→" in page.text("#readout")


def test_attention_table_has_rows_that_sum_to_one(page: OpenPage) -> None:
    page.translate(TEXT, sentences=2)
    page.find_all("#output .sentence")[0].click()
    script = (
        "return [...document.querySelectorAll('#heatmap tbody tr')].map((row) => "
        "[...row.querySelectorAll('td')].map((cell) => Number(cell.dataset.weight)))"
    )
    rows = page.wait(lambda: page.run(script))
    columns = page.find_all("#heatmap thead th")
    assert len(rows) > 1
    for row in rows:
        assert len(row) == len(columns)
        assert math.isclose(sum(row), 1, abs_tol=1e-4)
    colours = page.run(
        "return [...document.querySelectorAll('#heatmap td[data-weight]')]"
        ".map((cell) => getComputedStyle(cell).backgroundColor)"
    )
    assert len(set(colours)) > 1


def test_another_translation_takes_the_place_of_the_first(page: OpenPage) -> None:
    first, second = page.translate(TEXT, sentences=2)
    page.find_all("#output .sentence")[0].click()
    others = page.wait(lambda: page.find_all("#alternatives .option span[lang]"))
    texts = [other.text for other in others]
    assert texts[0] == first
    assert len(texts) > 1
    others[1].click()
    assert page.texts("#output .sentence") == [texts[1], second]
    # It stays while the rest of the text is worked on.
    page.translate(" 커피 한 잔 주세요.", sentences=3)
    assert page.texts("#output .sentence")[:2] == [texts[1], second]
    page.find_all("#alternatives input")[0].click()
    assert page.texts("#output .sentence")[:2] == [first, second]


def test_flag_is_told_in_words_and_leads_to_its_sentence(page: OpenPage) -> None:
    page.translate("안녕하세요. Hello there, 2024!", sentences=2)
    row = page.find("#flags [data-flag=not_korean]")
    assert "Not Korean" in row.text
    assert "left as it is" in row.text
    assert "flagged" in page.find_all("#output .sentence")[1].get_attribute("class").split()
    page.find("[data-flag=not_korean] button").click()
    assert page.text("#details-source") == "Hello there, 2024!"


def test_long_text_gets_attention_when_a_sentence_is_opened(page: OpenPage) -> None:
    sentence = "저는 내일 친구와 함께 서울에서 부산으로 가요.\n"
    page.run(
        "const area = document.getElementById('source'); area.value = given[0];"
        "area.dispatchEvent(new InputEvent('input'))",
        sentence * 30,
    )
    page.wait(lambda: len(page.find_all("#mirror .sentence")) == 30)
    page.find_all("#output .sentence")[2].click()
    page.wait(lambda: page.find_all("#heatmap td[data-weight]"))
    posts = [r for r in page.read_requests() if r["method"] == "POST"]
    assert posts[0]["body"].get("attention") is None
    # The pointer may come to rest on another sentence, when the page moves.
    rest = [r["body"] for r in posts[1:]]
    assert {(body["text"], body["attention"]) for body in rest} == {(sentence.strip(), True)}
    assert len(rest) <= 2


def test_glossary_is_sent_and_bad_lines_are_named(page: OpenPage) -> None:
    page.find("#glossary-box summary").click()
    page.find("#glossary").send_keys("서울 = SEOUL-CITY\n잘못")
    assert page.text("#glossary-count") == "1 in use"
    assert page.text("#glossary-problem").endswith("line 2.")
    assert "SEOUL-CITY" in page.translate("저는 서울에 살아요.", sentences=1)[0]


def test_copy_takes_what_is_shown(page: OpenPage) -> None:
    page.cdp("Browser.grantPermissions", origin=page.url,
             permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])  # fmt: skip
    page.translate(TEXT, sentences=2)
    page.find("#copy").click()
    page.wait(lambda: page.text("#copy") == "Copied")
    assert page.run("return navigator.clipboard.readText()") == page.texts("#output")[0]
