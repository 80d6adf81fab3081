"""DeepL's own Python client against the running service."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import deepl
import pytest
from deepl.api_data import MultilingualGlossaryDictionaryEntries

from api.keys import new_key

TEXT = "저는 서울에 살아요."
TERMS = {"나리타워": "Nari Tower", "한빛전자": "Hanbit"}


@pytest.fixture
def client(server: str) -> Iterator[deepl.DeepLClient]:
    client = deepl.DeepLClient("any-key", server_url=server)
    yield client
    client.close()


def text_of(client: deepl.DeepLClient, text: str, **options: Any) -> str:
    result = client.translate_text(text, target_lang="EN-US", **options)
    assert isinstance(result, deepl.TextResult)
    return result.text


# ---------------------------------------------------------------- texts


def test_single_text_is_a_result(client: deepl.DeepLClient) -> None:
    result = client.translate_text(TEXT, target_lang="EN-US")
    assert isinstance(result, deepl.TextResult)
    assert result.text == str(result)
    assert (result.detected_source_lang, result.billed_characters) == ("KO", len(TEXT))


def test_lists_and_generators_come_back_in_order(client: deepl.DeepLClient) -> None:
    texts = [TEXT, "네.", "", "OK"]
    listed = client.translate_text(texts, target_lang="EN-GB")
    generated = client.translate_text((text for text in texts), target_lang="EN-GB")
    assert isinstance(listed, list) and isinstance(generated, list)
    assert [r.text for r in listed] == [r.text for r in generated]
    assert [r.text for r in listed][2:] == ["", "OK"]
    assert listed[0].text == text_of(client, TEXT)


@pytest.mark.parametrize("target", ["EN-US", "en-Gb", deepl.Language.ENGLISH_BRITISH])
@pytest.mark.parametrize("source", [None, "KO", deepl.Language.KOREAN])
def test_languages_are_taken_in_any_case(
    client: deepl.DeepLClient, source: str | None, target: str
) -> None:
    result = client.translate_text("네.", source_lang=source, target_lang=target)
    assert isinstance(result, deepl.TextResult)
    assert result.detected_source_lang == deepl.Language.KOREAN.upper()


def test_languages_that_are_not_served_are_errors(client: deepl.DeepLClient) -> None:
    with pytest.raises(deepl.DeepLException, match=r"target_lang.*not supported") as refused:
        client.translate_text(TEXT, target_lang="DE")
    assert refused.value.http_status_code == 400
    with pytest.raises(deepl.DeepLException, match=r"source_lang.*not supported"):
        client.translate_text(TEXT, source_lang="JA", target_lang="EN-US")


def test_no_texts_are_an_error(client: deepl.DeepLClient) -> None:
    with pytest.raises(deepl.DeepLException, match="Parameter 'text' not specified"):
        client.translate_text([], target_lang="EN-US")


def test_formality_is_refused_unless_it_is_a_wish(client: deepl.DeepLClient) -> None:
    for formality in (deepl.Formality.PREFER_MORE, "prefer_less", "DEFAULT"):
        assert text_of(client, TEXT, formality=formality)
    for formality in (deepl.Formality.MORE, "LESS"):
        with pytest.raises(deepl.DeepLException, match=r"Target language.*formality"):
            text_of(client, TEXT, formality=formality)
    with pytest.raises(deepl.DeepLException, match="formality"):
        text_of(client, TEXT, formality="friendly")


def test_sentences_are_split_as_asked(client: deepl.DeepLClient) -> None:
    text = "저는 서울에 살아요. 내일\n부산에 가요."
    found = {how: text_of(client, text, split_sentences=how) for how in deepl.SplitSentences}
    assert "\n" in found[deepl.SplitSentences.ALL]
    assert "\n" not in found[deepl.SplitSentences.NO_NEWLINES]
    assert len(set(found.values())) == 3
    with pytest.raises(deepl.DeepLException, match="split_sentences"):
        text_of(client, text, split_sentences="invalid")


def test_markup_stays(client: deepl.DeepLClient) -> None:
    xml = f"<document><par>{TEXT}</par><raw>그대로</raw></document>"
    found = text_of(client, xml, tag_handling="xml", ignore_tags=["raw"], outline_detection=False,
                    splitting_tags=["par"], non_splitting_tags="seg")  # fmt: skip
    assert found == f"<document><par>{text_of(client, TEXT)}</par><raw>그대로</raw></document>"
    html = f'<html><body><p>{TEXT}</p><p translate="no">그대로</p></body></html>'
    found = text_of(client, html, tag_handling="html", tag_handling_version="v1")
    assert found.endswith('<p translate="no">그대로</p></body></html>')


def test_other_options_are_taken(client: deepl.DeepLClient) -> None:
    plain = text_of(client, TEXT)
    options = {"context": "이사", "extra_body_parameters": {"debug": True}}
    assert text_of(client, TEXT, preserve_formatting=True, **options) == plain
    result = client.translate_text(TEXT, target_lang="EN-US", model_type="quality_optimized")
    assert isinstance(result, deepl.TextResult)
    assert result.model_type_used == "quality_optimized"


def test_long_text_is_translated_once(client: deepl.DeepLClient) -> None:
    text = " ".join(f"{n}번째 사람은 서울에 살아요." for n in range(300))
    before = client.get_usage().character.count or 0
    assert text_of(client, text)
    assert (client.get_usage().character.count or 0) - before == len(text)


# ---------------------------------------------------------------- what there is


def test_languages_and_usage_are_read(client: deepl.DeepLClient) -> None:
    assert [language.code for language in client.get_source_languages()] == ["KO"]
    targets = {language.code: language for language in client.get_target_languages()}
    assert set(targets) == {"EN-GB", "EN-US"}
    assert not any(language.supports_formality for language in targets.values())
    (pair,) = client.get_glossary_languages()
    assert (pair.source_lang, pair.target_lang) == ("ko", "en")
    usage = client.get_usage()
    assert usage.character.valid and not usage.any_limit_reached


def test_command_line_translates(server: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deepl", "--auth-key", "any", "--server-url", server, "text",
         "--to", "EN-US", TEXT],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip()


# ---------------------------------------------------------------- glossaries


def test_glossary_is_made_read_used_and_deleted(client: deepl.DeepLClient) -> None:
    made = client.create_glossary("Places", "KO", "EN-GB", TERMS)
    assert (made.name, made.ready, made.entry_count) == ("Places", True, 2)
    assert (made.source_lang, made.target_lang) == ("KO", "EN")
    assert datetime.now(UTC) - made.creation_time < timedelta(hours=1)
    assert client.get_glossary(made.glossary_id).entry_count == 2
    assert made.glossary_id in [glossary.glossary_id for glossary in client.list_glossaries()]
    assert client.get_glossary_entries(made) == TERMS
    found = text_of(client, "나리타워와 한빛전자를 보았다.", source_lang="KO", glossary=made)
    assert "Nari Tower" in found and "Hanbit" in found
    client.delete_glossary(made)
    with pytest.raises(deepl.GlossaryNotFoundException):
        client.get_glossary(made.glossary_id)
    with pytest.raises(deepl.DeepLException, match="there is no glossary"):
        text_of(client, "나리타워", source_lang="KO", glossary=made.glossary_id)


def test_glossary_is_made_of_csv(client: deepl.DeepLClient) -> None:
    csv = '서울,"Seoul, Korea",ko,en\n물,"the ""water"""\n'
    made = client.create_glossary_from_csv("CSV", "KO", "EN-US", csv)
    assert client.get_glossary_entries(made) == {"서울": "Seoul, Korea", "물": 'the "water"'}


def test_large_glossary_is_taken(client: deepl.DeepLClient) -> None:
    entries = {f"용어{n}": f"term {n}" for n in range(10_000)}
    made = client.create_glossary("Large", "KO", "EN", entries)
    assert client.get_glossary_entries(made) == entries
    assert text_of(client, "용어9999", source_lang="KO", glossary=made) == "term 9999"
    client.delete_glossary(made)


def test_glossaries_of_other_pairs_and_ids_are_errors(client: deepl.DeepLClient) -> None:
    with pytest.raises(deepl.DeepLException, match="Unsupported glossary source and target"):
        client.create_glossary("x", "EN", "KO", {"water": "물"})
    with pytest.raises(deepl.DeepLException, match="glossary_id") as refused:
        client.get_glossary("not-an-id")
    assert refused.value.http_status_code == 400
    for call in (
        client.get_glossary, client.get_glossary_entries, client.delete_glossary,
        client.get_multilingual_glossary, client.delete_multilingual_glossary,
    ):  # fmt: skip
        with pytest.raises(deepl.GlossaryNotFoundException):
            call(str(uuid.uuid4()))


def dictionary(entries: dict[str, str]) -> MultilingualGlossaryDictionaryEntries:
    return MultilingualGlossaryDictionaryEntries("KO", "EN", entries)


def test_multilingual_glossary_is_made_changed_used_and_deleted(client: deepl.DeepLClient) -> None:
    made = client.create_multilingual_glossary("Places", [dictionary(TERMS)])
    assert made.dictionaries[0].entry_count == 2
    id = made.glossary_id
    assert client.update_multilingual_glossary_name(id, "New").name == "New"
    client.update_multilingual_glossary_dictionary(id, dictionary({"물": "water", "한빛전자": "H"}))
    (found,) = client.get_multilingual_glossary_entries(id, "KO", "EN").dictionaries
    assert deepl.convert_tsv_to_dict(found.entries) == {
        "나리타워": "Nari Tower",
        "한빛전자": "H",
        "물": "water",
    }
    replaced = client.replace_multilingual_glossary_dictionary(id, dictionary({"불": "fire"}))
    assert replaced.entry_count == 1
    assert (
        text_of(client, "불", source_lang="KO", glossary=client.get_multilingual_glossary(id))
        == "fire"
    )
    assert id in [glossary.glossary_id for glossary in client.list_multilingual_glossaries()]
    client.delete_multilingual_glossary_dictionary(id, source_lang="KO", target_lang="EN")
    with pytest.raises(deepl.GlossaryNotFoundException):
        client.get_multilingual_glossary_entries(id, "KO", "EN")
    client.delete_multilingual_glossary(id)
    with pytest.raises(deepl.GlossaryNotFoundException):
        client.get_multilingual_glossary(id)


# ---------------------------------------------------------------- keys and limits


@pytest.fixture
def no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deepl.http_client, "max_network_retries", 0)


def test_keys_quotas_and_rates_raise_the_clients_exceptions(
    run_server: Callable[..., Any], tmp_path: Path, no_retries: None
) -> None:
    secret, key = new_key("alice")
    keys = tmp_path / "keys"
    keys.write_text(f"{key.line}:40\n")
    url = run_server(NMT_API_KEYS_FILE=str(keys), NMT_REQUESTS_PER_MINUTE="6").url
    with pytest.raises(deepl.AuthorizationException, match="the API key is not known"):
        deepl.DeepLClient("wrong", server_url=url).get_usage()
    client = deepl.DeepLClient(secret, server_url=url)
    assert text_of(client, TEXT)
    usage = client.get_usage().character
    assert (usage.count, usage.limit) == (len(TEXT), 40)
    with pytest.raises(deepl.QuotaExceededException, match="left of this month"):
        text_of(client, TEXT * 4)
    with pytest.raises(deepl.TooManyRequestsException, match="more than 6 requests"):
        for _ in range(10):
            client.get_usage()


def test_nobody_there_is_a_connection_error(no_retries: None) -> None:
    client = deepl.DeepLClient("key", server_url="http://127.0.0.1:9")
    with pytest.raises(deepl.ConnectionException):
        client.get_usage()
