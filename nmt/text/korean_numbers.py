"""Numbers in Korean text: digits with 만, 억, 조, Sino-Korean and native words."""

import re
from decimal import Decimal

_SMALL = {"십": 10, "백": 100, "천": 1000}
_BIG = {"만": 10**4, "억": 10**8, "조": 10**12, "경": 10**16}
_SINO = dict(zip("영공일이삼사오육칠팔구", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)) | {
    "륙": 6
}
_TENS = {
    "열": 10, "스물": 20, "스무": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70,
    "여든": 80, "아흔": 90,
}  # fmt: skip
_ONES = {
    "하나": 1, "한": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "석": 3, "넷": 4, "네": 4, "넉": 4,
    "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9,
}  # fmt: skip
_DAYS = {
    "열하루": 11, "열이틀": 12, "열사흘": 13, "열나흘": 14,
    "하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "이레": 7, "여드레": 8,
    "아흐레": 9, "열흘": 10, "보름": 15,
}  # fmt: skip
_COUNTER = (
    "(?:명|개|번|시|살|권|마리|대|장|잔|병|곳|가지|달|사람|분|해|배|채|그루|송이|켤레|자루|통|줄|쪽|건|편|차례|"
    "군데|식구|주|끼|팀|그릇|곡|세트|학기|단계|종|척|벌|골|표|점|판|층|칸|걸음|년|월|일|원|초|도|킬로|미터|리터|"
    "달러|엔|유로|퍼센트|프로|호|회|세기|세|인|차|위|학년|반|조각|박|마디|모금|남매|형제|자매|나라|쌍|계단|센트|그램|톤|평|석|곡|종류|여)"
)
_DIGITS = r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d{1,40})?|\d{1,40}(?:\.\d{1,40})?"
_UNIT = (
    r"(?:십(?!자)|백(?!신|화)|천(?!사|막|장)|만(?!큼|나|들|약|일|화|료)|억(?!울)|"
    r"조(?!각|건|사|항|차)|경(?!기|우|험))"
)
_DIGIT_NUMBER = re.compile(
    r"(?<=제)\d{1,9}|(?<=분의 )\d{1,9}"
    rf"|(?<![가-힣])(?:만 ?(?=\d천|\d백)|[천백](?=\d))(?:{_DIGITS}){_UNIT}+"
    rf"|(?:{_DIGITS}){_UNIT}+(?: ?(?:{_DIGITS}){_UNIT}+)*(?: ?(?:{_DIGITS})(?![\d.:\-/]))?"
    rf"|{_DIGITS}"
)
_SINO_DIGIT = "[영공일이삼사오육륙칠팔구]"
_BELOW_10000 = "[일이삼사오육륙칠팔구십백천]"
_SINO_COUNTER = r"(?:년|개월|분|초|층|학년|박|월|일|원|호|회|킬로|미터|도)(?![가-힣]{2})"
_SINO_NUMBER = re.compile(
    rf"(?<![가-힣\d])(?={_SINO_DIGIT}*[십백천만억조])"
    rf"(?:{_BELOW_10000}{{0,8}}[만억조] ?){{0,3}}{_BELOW_10000}{{0,8}}"
    rf"(?:(?=여? ?{_COUNTER})|(?<=..)(?![가-힣]| ?\d))"
    rf"|(?<![가-힣\d])[일이삼사오육륙칠팔구](?= {_SINO_COUNTER})"
)
_PARTICLE = "(?:[은는이가을를의도만과와로]|이나|에서|에|다)"
_NATIVE_NUMBER = re.compile(
    rf"(?<![가-힣])(백)?(?:({'|'.join(_TENS)})({'|'.join(_ONES)})?|({'|'.join(_ONES)}))"
    rf"(?:(?=여? ?{_COUNTER})|(?<![한두세네])(?={_PARTICLE}?(?![가-힣])))"
)
_DAY = re.compile(rf"(?<![가-힣])(?:{'|'.join(_DAYS)})")
_RANGE = re.compile(rf"(?<!\d)({_DIGITS})(?=[~∼\-–](?:{_DIGITS})({_UNIT}+))")
_TOKEN = re.compile(rf"{_DIGITS}|[가-힣]")
_NOT_NUMBERS = frozenset({"만일", "만사", "이천", "천만", "백일", "조사", "이만", "사천"})


def korean_numbers(text: str) -> list[Decimal]:
    """Values of the numbers in `text`, first those with digits, then those in words.

    `3만 5천` is 35000, `1억 2,000만` 120000000, `3~5만` 30000 and 50000, `삼십` 30, `스물두 살`
    22, `사흘` 3. Words count where a counter or a word's end follows, so that `이 사람` and
    `만나다` give nothing; a few words stay ambiguous (`이천` is a town as well).
    """
    return [*digit_numbers(text), *word_numbers(text)]


def digit_numbers(text: str) -> list[Decimal]:
    """Values of the numbers that are written with Arabic digits."""
    shared_unit = {match.start(): match[2] for match in _RANGE.finditer(text)}
    return [
        _value(match[0] + shared_unit.get(match.start(), ""))
        for match in _DIGIT_NUMBER.finditer(text)
    ]


def word_numbers(text: str) -> list[Decimal]:
    """Values of the numbers that are written in Sino-Korean or native words."""
    found = [
        _value(match[0])
        for match in _SINO_NUMBER.finditer(text)
        if match[0].strip() and not _is_word(match[0], text[match.end() :])
    ]
    for match in _NATIVE_NUMBER.finditer(text):
        hundred, tens, ones, single = match.groups()
        value = _TENS.get(tens, 0) + _ONES.get(ones or single, 0)
        found.append(Decimal(value + (100 if hundred else 0)))
    return found + [Decimal(_DAYS[match[0]]) for match in _DAY.finditer(text)]


def _is_word(number: str, following: str) -> bool:
    """Whether `number` is more likely another word: `만일`, `이만` without a counter."""
    return number.strip() in _NOT_NUMBERS and not re.match(rf" ?{_COUNTER}", following)


def _value(number: str) -> Decimal:
    """Value of digits, Sino-Korean words and units in any mixture: `1천200억`, `이천이십사`."""
    total = section = Decimal(0)
    pending: Decimal | None = None
    for token in _TOKEN.findall(number):
        if token in _SMALL:
            section += (Decimal(1) if pending is None else pending) * _SMALL[token]
            pending = None
        elif token in _BIG:
            section += pending or 0
            total += (section or 1) * _BIG[token]
            section, pending = Decimal(0), None
        elif token in _SINO:
            pending = (pending or Decimal(0)) * 10 + _SINO[token]
        else:
            pending = Decimal(token.replace(",", ""))
    return total + section + (pending or 0)
