"""Tidies English that a model has written: spaces, quotes, the sentence's first capital."""

import re

_SPACES = re.compile(r"\s+")
_BEFORE_MARK = re.compile(r" +(?=[!?%)\]}”’]|[,;:](?![-()DP])|\.(?!\w)|\.\.\.)")
_AFTER_OPENER = re.compile(r"(?<=[(\[{“‘¿¡]) +")
_BEFORE_ENDING = re.compile(r"(?<=\w) +(?='(?:s|t|re|ve|ll|d|m)\b)|(?<=\w) +(?=n't\b)")
_REPEATED_MARK = re.compile(r"([,;:])(?: *\1)+")
_MISSING_SPACE = re.compile(r"(?<=[a-z)\]”])([,;!?])(?=[A-Za-z])|(?<=[a-z]{2})(\.)(?=[A-Z][a-z])")
_ADDRESS = re.compile(r"\S*(?:://|www\.|@|\w\.\w+\(|\.\w{2,4}/|⟦\d)\S*")
_FIRST_LETTER = re.compile(r"[\"'“‘(\[]*([a-z])(\w*)([^\s]*)")
_LOWER_BRAND = re.compile(r"[a-z][A-Z]|[a-z]{1,2}\d|[a-z]-?[A-Z]")
_PAIRED_QUOTE = re.compile(r'"([^"]*)"')
_WIDE = str.maketrans({"。": ".", "、": ",", "，": ",", "！": "!", "？": "?", "：": ":", "；": ";",
                       "（": "(", "）": ")", "　": " "})  # fmt: skip


def tidy(text: str) -> str:
    """`text` as an English writer would type it; the words themselves are never changed.

    - One space between words, none before `, . ; : ! ? % )`, none after an opening bracket;
      `do n't` and `it 's` are joined; a missing space after a comma or a full stop is put in.
    - Straight double quotes that come in pairs touch what they quote. Full-width marks become
      ordinary ones; a repeated comma, colon or semicolon becomes one.
    - The first letter becomes a capital, except in a word that is written with capitals or digits
      inside (`iPhone`, `eBay`, `x86`) or looks like an address, code or placeholder. The case of
      every other letter stays: no letter takes its case from the Korean text.

    `tidy(tidy(text)) == tidy(text)` for ordinary text.
    """
    text = _SPACES.sub(" ", text.translate(_WIDE)).strip()
    text = _BEFORE_MARK.sub("", text)
    text = _AFTER_OPENER.sub("", text)
    text = _BEFORE_ENDING.sub("", text)
    text = _REPEATED_MARK.sub(r"\1", text)
    if _MISSING_SPACE.search(text):  # seldom; no match goes beyond a word
        text = " ".join(_space_marks(word) for word in text.split(" "))
    return _capitalise(_settle_quotes(text))


def _space_marks(word: str) -> str:
    """`word` with a space after marks inside it, unless it is an address or code."""
    if _ADDRESS.fullmatch(word):
        return word
    return _MISSING_SPACE.sub(lambda match: f"{match[0]} ", word)


def _settle_quotes(text: str) -> str:
    """Straight double quotes touch what they quote; left alone where they do not pair up."""
    if '"' not in text or text.count('"') % 2:
        return text
    return _PAIRED_QUOTE.sub(
        lambda match: f'"{match[1].strip()}"' if match[1].strip() else '""', text
    )


def _capitalise(text: str) -> str:
    """`text` with a capital first letter, unless its first word is written as a name or code."""
    match = _FIRST_LETTER.match(text)
    if not match or _LOWER_BRAND.search(match[1] + match[2]) or _ADDRESS.fullmatch(match[0]):
        return text
    if re.search(r"[_/\\(=]|\.\w", match[3]) or "_" in match[2]:
        return text
    at = match.start(1)
    return text[:at] + text[at].upper() + text[at + 1 :]
