from __future__ import annotations

import pytest

from training.data.filters import local_reason
from training.data.pair_protect import protect_pair, renumber
from training.data.settings import FilterConfig

DEFAULT = FilterConfig()


@pytest.mark.parametrize(
    ("reason", "src", "tgt"),
    [
        ("empty side", "안녕하세요.", ""),
        ("empty side", "", "Hello."),
        ("mojibake", "안녕\ufffd하세요.", "Hello."),
        ("mojibake", "스탤론의 아들", "Stalloneâ€™s son"),
        ("identical sides", "API 서버", "api 서버"),
        ("source not Korean", "Just English here", "Just some English here"),
        ("target not Latin", "안녕하세요.", "こんにちは。"),
        ("target not English", "이 문서는 매우 중요합니다.",
         "Das ist ein sehr wichtiges Dokument und nicht mit dem alten zu verwechseln"),
        ("length ratio", "네.", "Yes, and I would like to add that nothing of it was true."),
        ("length ratio", "그는 어제 저녁에 친구들과 함께 영화를 보고 나서 집으로 돌아갔다.", "He"),
        ("broken Korean", "보안 주체의 테 넌 트 ID입니다.", "The tenant ID of the principal."),
        ("broken Korean", "예외를 호출 하 고 처리합니다.", "Calls and handles the exception."),
        ("broken Korean", "를 사용하려면 개체를 만듭니다.", "To use it, create an object."),
        ("numbers differ", "악티늄은 1,050도에서 녹아.", "Actinium melts at 1,051 degrees."),
    ],
)  # fmt: skip
def test_filter_names_its_reason(reason: str, src: str, tgt: str) -> None:
    assert local_reason(src, tgt, DEFAULT) == reason


@pytest.mark.parametrize(
    ("src", "tgt"),
    [
        ("외교부", "Ministry of Foreign Affairs"),
        ("기시감", "déjà vu"),
        ("Python 콘솔", "Python Console"),
        ("와 주셔서 감사합니다.", "Thank you for coming."),
        ("수은을 흘려보냈다는 소문이 돌았다.", "There were rumors of a mercury spill."),
        ("그 새 차 두 대 다 내 것 아냐.", "Neither of the two new cars is mine."),
        ("총사업비 2,850억 원이 투입된다.", "The project costs KRW 285 billion."),
        ("1000 미터는 1 킬로미터다.", "A thousand meters is one kilometer."),
        ("아 하 하 하!", "Ah ha ha ha!"),
        ("서울, 부산, 대구, 인천, 광주, 대전, 울산, 세종, 수원, 창원, 포항",
         "Seoul, Busan, Daegu, Incheon, Gwangju, Daejeon, Ulsan, Sejong, Suwon, Changwon, Pohang"),
    ],
)  # fmt: skip
def test_filters_keep_good_pairs(src: str, tgt: str) -> None:
    assert local_reason(src, tgt, DEFAULT) is None


def test_length_filters_follow_their_settings() -> None:
    pair = "하나 둘 셋 넷", "one two three four"
    assert local_reason(*pair, FilterConfig(max_words=3)) == "too long"
    assert local_reason(*pair, FilterConfig(max_chars=10)) == "too long"
    assert local_reason(*pair, FilterConfig(min_words=5)) == "too short"
    assert local_reason(*pair, FilterConfig(min_chars=9)) == "too short"


def test_filters_can_be_switched_off() -> None:
    off = FilterConfig(numbers=False, language=False, spacing=False)
    assert local_reason("를 1,050도에서", "Melts at 1,051", off) is None


def test_protect_pair_numbers_shared_spans_as_the_source_reads() -> None:
    src, tgt = "{b}와 {a}를 보세요.", "See {a} and {b}."
    assert protect_pair(src, tgt) == ("⟦0⟧와 ⟦1⟧를 보세요.", "See ⟦1⟧ and ⟦0⟧.")


def test_protect_pair_leaves_unshared_addresses_as_text() -> None:
    pair = protect_pair("https://a.kr/ko 참고.", "See https://a.kr/en here.")
    assert pair == ("https://a.kr/ko 참고.", "See https://a.kr/en here.")


@pytest.mark.parametrize(
    ("src", "tgt"),
    [
        ("%s 파일", "The file"),
        ("{name}님", "Dear {user}"),
        ("<b>굵게</b>", "Bold"),
        ("문서", "See https://example.com/a now"),
    ],
)
def test_protect_pair_refuses_markup_that_disagrees(src: str, tgt: str) -> None:
    assert protect_pair(src, tgt) is None


def test_protect_pair_writes_stray_placeholders_as_text() -> None:
    src, tgt = protect_pair("기호 ⟦3⟧ 설명과 {x}", "About the mark ⟦3⟧ and {x}") or ("", "")
    assert (src, tgt) == ("기호 ⟦0⟧ 설명과 ⟦1⟧", "About the mark ⟦0⟧ and ⟦1⟧")


def test_protect_pair_stops_at_sixteen_placeholders() -> None:
    slots = " ".join(f"{{x{k}}}" for k in range(18))
    src, tgt = protect_pair(f"값 {slots}", f"Values {slots}") or ("", "")
    assert "⟦15⟧ {x16} {x17}" in src
    assert src.removeprefix("값") == tgt.removeprefix("Values")


def test_renumber_follows_the_source() -> None:
    assert renumber("⟦5⟧ 다음 ⟦2⟧", "⟦2⟧ after ⟦5⟧") == ("⟦0⟧ 다음 ⟦1⟧", "⟦1⟧ after ⟦0⟧")
