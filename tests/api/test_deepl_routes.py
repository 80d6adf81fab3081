"""DeepL's text routes, to the letter."""

from __future__ import annotations

import re
from typing import Any

import httpx2 as httpx
import pytest

TEXT = "저는 서울에 살아요."
HEADERS = {"Authorization": "DeepL-Auth-Key any:fx"}


def translate(http: httpx.Client, **body: Any) -> list[dict[str, Any]]:
    reply = http.post("/v2/translate", json={"target_lang": "EN-US", **body}, headers=HEADERS)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["translations"]
    return found


def texts(http: httpx.Client, **body: Any) -> list[str]:
    return [found["text"] for found in translate(http, **body)]


def test_texts_keep_their_order_and_count(http: httpx.Client) -> None:
    found = translate(http, text=[TEXT, "", "OK", TEXT], show_billed_characters=True)
    assert [f["billed_characters"] for f in found] == [len(TEXT), 0, 2, len(TEXT)]
    assert [f["detected_source_language"] for f in found] == ["KO", "EN", "EN", "KO"]
    assert found[0] == found[3]
    assert [f["text"] for f in found][1:3] == ["", "OK"]


def test_billed_characters_and_models_are_told_when_asked_for(http: httpx.Client) -> None:
    assert set(translate(http, text=[TEXT])[0]) == {"detected_source_language", "text"}
    (found,) = translate(http, text=[TEXT], model_type="prefer_quality_optimized")
    assert found["model_type_used"] == "quality_optimized"


def test_json_and_forms_say_the_same(http: httpx.Client) -> None:
    wanted = translate(http, text=[TEXT, "<a>네</a>"], tag_handling="xml", ignore_tags=["x", "a"],
                       preserve_formatting=True, show_billed_characters=True)  # fmt: skip
    form = {"text": [TEXT, "<a>네</a>"], "target_lang": "en-us", "tag_handling": "xml",
            "ignore_tags": "x,a", "preserve_formatting": "1",
            "show_billed_characters": "1"}  # fmt: skip
    assert http.post("/v2/translate", data=form, headers=HEADERS).json() == {"translations": wanted}


@pytest.mark.parametrize("target", ["EN", "en", "EN-US", "en-us", "en-GB"])
def test_target_languages_are_taken_in_any_case(http: httpx.Client, target: str) -> None:
    assert texts(http, text=[TEXT], target_lang=target, source_lang="ko")


def test_what_is_not_korean_is_told_and_comes_back_as_it_is(http: httpx.Client) -> None:
    found = translate(http, text=["今天天气很好。", "今日はいい天気ですね。", "😀"])
    assert [f["detected_source_language"] for f in found] == ["ZH", "JA", "EN"]
    assert [f["text"] for f in found] == ["今天天气很好。", "今日はいい天気ですね。", "😀"]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"target_lang": "EN"}, "Parameter 'text' not specified"),
        ({"text": [], "target_lang": "EN"}, "Parameter 'text' not specified"),
        ({"text": [5], "target_lang": "EN"}, "Value for 'text' not supported"),
        ({"text": ["a"]}, "Parameter 'target_lang' not specified"),
        ({"text": ["a"], "target_lang": "DE"}, "Value for 'target_lang' not supported"),
        ({"text": ["a"], "target_lang": "EN", "source_lang": "XX"}, "'source_lang' not supported"),
        ({"text": ["a"], "target_lang": "EN", "formality": "more"}, "Target language.*formality"),
        ({"text": ["a"], "target_lang": "EN", "formality": "LESS"}, "Target language.*formality"),
        ({"text": ["a"], "target_lang": "EN", "formality": "kind"}, "'formality' not supported"),
        ({"text": ["a"], "target_lang": "EN", "split_sentences": "2"}, "'split_sentences' not"),
        ({"text": ["a"], "target_lang": "EN", "tag_handling": "md"}, "'tag_handling' not"),
        ({"text": ["a"], "target_lang": "EN", "preserve_formatting": "x"}, "'preserve_formatting'"),
        ({"text": ["a"], "target_lang": "EN", "ignore_tags": 5}, "'ignore_tags' not supported"),
        ({"text": ["a"], "target_lang": "EN", "model_type": "x"}, "'model_type' not supported"),
        ({"text": ["a"], "target_lang": "EN", "style_id": "x"}, "style_id is not supported"),
        ({"text": ["a"], "target_lang": "EN", "glossary_id": "x"}, "requires the source_lang"),
        (
            {"text": ["a"], "target_lang": "EN", "source_lang": "KO", "glossary_id": "a",
             "glossary_ids": ["b"]},
            "glossary_id cannot be used together",
        ),
        (
            {"text": ["a"], "target_lang": "EN", "source_lang": "KO", "glossary_ids": ["b"] * 6},
            "glossary_ids has 6 glossaries; allowed: 5",
        ),
        (
            {"text": ["a"], "target_lang": "EN", "source_lang": "KO", "glossary_id": ["b"]},
            "Value for 'glossary_id' not supported",
        ),
    ],
    ids=str,
)  # fmt: skip
def test_bad_parameters_are_400_with_strings(
    http: httpx.Client, body: dict[str, Any], detail: str
) -> None:
    reply = http.post("/v2/translate", json=body, headers=HEADERS)
    assert reply.status_code == 400
    assert isinstance(reply.json()["message"], str)
    assert re.search(detail, reply.json()["detail"])


def test_too_much_text_is_413(http: httpx.Client) -> None:
    body = {"text": ["가" * 60_000] * 2, "target_lang": "EN"}
    assert http.post("/v2/translate", json=body).status_code == 413


@pytest.mark.parametrize("formality", ["default", "prefer_more", "Prefer_Less", ""])
def test_wishes_for_formality_are_taken(http: httpx.Client, formality: str) -> None:
    assert texts(http, text=[TEXT], formality=formality)


def test_unknown_fields_and_context_change_nothing(http: httpx.Client) -> None:
    plain = texts(http, text=[TEXT])
    assert texts(http, text=[TEXT], context="회사", outline_detection=False, beta=[1]) == plain


def test_split_sentences_says_what_the_model_sees(http: httpx.Client) -> None:
    text = "저는 서울에 살아요. 내일\n부산에 가요."
    lines, joined, whole = (
        texts(http, text=[text], split_sentences=how)[0] for how in ("1", "nonewlines", "0")
    )
    assert "\n" in lines
    assert "\n" not in joined + whole
    assert joined == texts(http, text=[text.replace("\n", " ")])[0]
    assert whole != joined


def test_preserve_formatting_keeps_the_end_of_the_text(http: httpx.Client) -> None:
    (loose,) = texts(http, text=["커피 한 잔"])
    (kept,) = texts(http, text=["커피 한 잔"], preserve_formatting=True)
    assert not kept.endswith(".")
    assert loose.removesuffix(".") == kept


def test_xml_keeps_tags_and_ignored_content(http: httpx.Client) -> None:
    source = f"<doc><title>{TEXT}</title><keep>그대로</keep></doc>"
    (found,) = translate(http, text=[source], tag_handling="xml", ignore_tags=["keep"])
    (plain,) = texts(http, text=[TEXT])
    assert found["text"] == f"<doc><title>{plain}</title><keep>그대로</keep></doc>"
    assert found["tag_handling_version"] == "v2"


def test_xml_splits_where_tags_say_so(http: httpx.Client) -> None:
    source = "<x>커피</x><y>버스</y> 물"
    separate = [texts(http, text=[word])[0] for word in ("커피", "버스", "물")]
    options = {"tag_handling": "xml", "splitting_tags": "x,y", "outline_detection": False}
    wanted = f"<x>{separate[0]}</x><y>{separate[1]}</y> {separate[2]}"
    assert texts(http, text=[source], **options) == [wanted]
    options["splitting_tags"] = ""
    assert texts(http, text=[source], **options) != [wanted]


def test_html_keeps_tags_and_translates_attributes(http: httpx.Client) -> None:
    source = f'<p>{TEXT}</p><img alt="커피" src="a.png"><script>var a = "서울";</script>'
    (found,) = texts(http, text=[source], tag_handling="html")
    assert found.startswith("<p>")
    assert found.endswith('" src="a.png"><script>var a = "서울";</script>')
    assert "커피" not in found


@pytest.mark.parametrize("handling", ["html", "xml"])
def test_text_inside_tags_is_translated_as_without_them(http: httpx.Client, handling: str) -> None:
    (plain,) = texts(http, text=["커피 한 잔 주세요."])
    source = '커피 <b id="1">한 <i>잔</i></b> 주세요.'
    (found,) = texts(http, text=[source], tag_handling=handling)
    assert re.sub("<.*?>", "", found) == plain
    assert sorted(re.findall("<.*?>", found)) == sorted(re.findall("<.*?>", source))


@pytest.mark.parametrize("handling", ["html", "xml"])
def test_ignored_content_inside_a_tagged_sentence_stays(http: httpx.Client, handling: str) -> None:
    source = "저는 <b>커피</b> <keep>한 잔</keep> 주세요."
    (found,) = texts(http, text=[source], tag_handling=handling, ignore_tags=["keep"])
    assert found.count("<keep>한 잔</keep>") == 1
    assert re.search("<b>.*</b>", found)


def test_languages_are_listed_with_get_bodies_and_queries(http: httpx.Client) -> None:
    source = http.get("/v2/languages").json()
    query = http.get("/v2/languages?type=target").json()
    body = http.request("GET", "/v2/languages", data={"type": "target"}).json()
    assert source == [{"language": "KO", "name": "Korean"}]
    assert [language["language"] for language in query] == ["EN-GB", "EN-US"]
    assert body == query
    assert http.get("/v2/languages?type=other").status_code == 400


def test_languages_of_resources_have_features(http: httpx.Client) -> None:
    found = http.get("/v3/languages?resource=translate_text").json()
    assert [(f["lang"], f["usable_as_source"], f["usable_as_target"]) for f in found] == [
        ("ko", True, False), ("en-GB", False, True), ("en-US", False, True),
    ]  # fmt: skip
    glossary = http.get("/v3/languages?resource=glossary").json()
    assert [f["lang"] for f in glossary] == ["ko", "en"]
    assert http.get("/v3/languages?resource=voice").json() == []
    assert http.get("/v3/languages").status_code == 400


def test_usage_counts_characters(http: httpx.Client) -> None:
    before = http.get("/v2/usage").json()
    translate(http, text=[TEXT])
    after = http.get("/v2/usage").json()
    assert after["character_count"] == before["character_count"] + len(TEXT)
    assert after["character_limit"] >= 10**12


def test_unknown_paths_answer_in_deepls_form(http: httpx.Client) -> None:
    reply = http.get("/v2/nothing")
    assert reply.status_code == 404
    assert set(reply.json()) == {"message", "detail"}
