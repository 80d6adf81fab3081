"""Korean endings: which words close a sentence without punctuation, which join two clauses.

Precision first: a missed boundary costs a longer input, a wrong one cuts a clause in two. Only
endings that hardly ever stand inside a sentence count as final; `-어`, `-지`, `-네` and other
plain-speech endings do not, unless a laugh, an emoji or `~` follows them.
"""

import re

_SYLLABLES = range(0xAC00, 0xD7A4)
_CODA_COUNT = 28
_CODA_N, _CODA_B, _CODA_BS, _CODA_SS = 4, 17, 18, 20

_NOT_POLITE = re.compile(
    r"(?:필|중|주|수|개|강|소|동|민|긴|요|은|는|도|만|서|터|까지|한테|그런데|근데|저기|있잖아|글쎄)요$"
    r"|^(?:고|저|왜|네|예|미)?요$"
)
_ALWAYS_FINAL = re.compile(
    r"(?:죠|십시오|마시오|하시오|잖아|(?:[는이로]|[갔겠났됐랐렸였왔웠았었졌쳤켰했])구나)$"
)
_PLAIN_ADJECTIVE = re.compile(
    r"(?:이|않|같|싶|많|좋|높|낮|크|아니|어렵|쉽|적|작|길|짧|다르|바쁘)다$"
)
_NOT_PLAIN = re.compile(r"^(?:우간다|르완다|판다)$|(?:베란다|마다|보다|바다|캐나다|에다|다가)$")
_AFTER_PLAIN = re.compile(
    r"(?:고|는|며|면|면서|던|든|든가|든지|시피|만|뿐|마는|니|손|하|한|할|함|해|했|싶|말|카|가|와)$"
    r"|(?:라고|라는|이라|고는|하더|하여|해도|해서|해야|하니|하면|하며|하고|하는|하자|하기|한들|할지|할까|하지$|"
    r"했던|했지|했다|말했|말하|말한|싶|치더|치고|쳐도|말았|말아|보니|보면|생각|왔다|갔다|가도|와도|와야|가야|하느라|못해|"
    r"뿐이|손치|그랬|전했|밝혔|때문|는데)"
)
_ALTERNATION = re.compile(r"[가-힣]+다 (?:하|한|했|할)")
_CASUAL = re.compile(r"(?:[가-힣][다요죠까네지어아야해군냐니음함됨임돼봐줘와워져]|[네응봐해줘])$")
_CONNECTIVE = re.compile(
    r"(?:고|며|면서|지만|는데|은데|인데|니까|므로|어서|아서|해서|여서|워서|려고|도록|거나|으나|으며|으면|"
    r"하면|되면|이면|다면|라면|자마자|더니|길래|느라|는지|든지|다가|어도|아도|해도|더라도|때문에|통해|위해|따라)$"
)


def ends_sentence(word: str, following: str) -> bool:
    """Whether `word`, without punctuation, closes a sentence that `following` does not continue.

    Args:
        word: one eojeol (characters between spaces).
        following: the text after its space.
    """
    if len(word) < 2:
        return False
    if word.endswith(("니다", "니까")) and len(word) > 2 and _coda(word[-3]) == _CODA_B:
        return not following.startswith(("라고", "라는", "라며", "하고", "하는", "만"))
    if word.endswith("시다") and len(word) > 2 and _coda(word[-3]) == _CODA_B:
        return True
    if _ALWAYS_FINAL.search(word):
        return not following.startswith(("라고", "라는", "라며", "하고", "하는", "싶"))
    if word.endswith("요"):
        return _is_polite(word) and not following.startswith(("라고", "라는", "라며", "하고"))
    if not word.endswith("다") or not _is_plain(word):
        return False
    return not (_AFTER_PLAIN.match(_first_word(following)) or _ALTERNATION.match(following))


def ends_casually(word: str) -> bool:
    """Whether `word` looks like the end of a sentence if `ㅋㅋ`, `~` or an emoji follows it."""
    return bool(_CASUAL.search(word))


def joins_clauses(word: str) -> bool:
    """Whether `word` ends in a connective ending, after which a long sentence may be cut."""
    return len(word) > 1 and bool(_CONNECTIVE.search(word))


def _is_polite(word: str) -> bool:
    return not _NOT_POLITE.search(word) and ord(word[-2]) in _SYLLABLES


def _is_plain(word: str) -> bool:
    if _NOT_PLAIN.search(word):
        return False
    if _coda(word[-2]) in (_CODA_N, _CODA_BS, _CODA_SS):
        return True
    return bool(_PLAIN_ADJECTIVE.search(word))


def _coda(syllable: str) -> int:
    """Index of the final consonant of a Hangul syllable; 0 is none."""
    return (ord(syllable) - _SYLLABLES[0]) % _CODA_COUNT if ord(syllable) in _SYLLABLES else 0


def _first_word(text: str) -> str:
    """The first word of `text` without punctuation."""
    match = re.match(r"[가-힣]+", text)
    return match[0] if match else ""
