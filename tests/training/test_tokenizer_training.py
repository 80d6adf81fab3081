import random
from pathlib import Path

import pytest

from nmt.errors import AnalyzerMissingError, TokenizerError
from nmt.tokenizers.analyzers import MecabAnalyzer, Versions
from nmt.tokenizers.base import load_tokenizer
from nmt.tokenizers.segmented import join_at
from training.tokenizer import count_units, train_tokenizer

WORDS = ["나", "너", "우리", "학교", "도서관", "바다", "갔다", "왔다", "좋다", "Python", "2024년"]


def lines(n: int) -> list[str]:
    rng = random.Random(0)
    return [join_at(" ".join(rng.choices(WORDS, k=6)) + ".", ()) for _ in range(n)]


@pytest.mark.parametrize("model_type", ["unigram", "bpe"])
def test_training_saves_what_it_gives(model_type: str, tmp_path: Path) -> None:
    made = train_tokenizer(
        lines(200), kind="sentencepiece", vocab_size=400, folder=tmp_path,
        model_type=model_type, n_threads=1,
    )  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["spm.model", "tokenizer.json"]
    assert load_tokenizer(tmp_path).describe() == made.describe()
    assert made.decode(made.encode_ids("우리 학교, ⟦0⟧!")) == "우리 학교, ⟦0⟧!"


def test_training_keeps_latin_letters_and_digits_as_pieces(tmp_path: Path) -> None:
    made = train_tokenizer(
        lines(50), kind="sentencepiece", vocab_size=400, folder=tmp_path, n_threads=1
    )
    pieces = made.encode("Zebra 1990?").pieces
    assert not [piece for piece in pieces if piece.startswith("<0x")]
    assert {"1", "9", "0"} <= set(pieces)


def test_training_reads_no_more_lines_than_asked(tmp_path: Path) -> None:
    source = iter(lines(100))
    train_tokenizer(
        source, kind="sentencepiece", vocab_size=400, folder=tmp_path, seed_sentences=60,
        n_threads=1,
    )  # fmt: skip
    assert len(list(source)) == 40


def test_training_warns_when_the_text_has_too_few_pieces(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = train_tokenizer(
        lines(50), kind="sentencepiece", vocab_size=5000, folder=tmp_path, n_threads=1
    )
    assert made.vocab_size < 5000
    assert "5000 pieces wanted, the text gave" in caplog.text


def test_training_records_the_analyzer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MecabAnalyzer, "versions", lambda self: Versions("m 1", "d 2"))
    made = train_tokenizer(lines(50), kind="mecab", vocab_size=400, folder=tmp_path, n_threads=1)
    assert made.describe()["analyzer_version"] == "m 1"
    assert load_tokenizer(tmp_path).kind == "mecab"


def test_training_asks_for_the_analyzer_before_it_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(self: MecabAnalyzer) -> Versions:
        raise AnalyzerMissingError("install it with: pip install mecab-ko")

    monkeypatch.setattr(MecabAnalyzer, "versions", missing)
    source = iter(lines(5))
    with pytest.raises(AnalyzerMissingError, match="pip install mecab-ko"):
        train_tokenizer(source, kind="mecab", vocab_size=400, folder=tmp_path)
    assert len(list(source)) == 5


def test_training_refuses_no_text(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="no text to train a tokenizer on"):
        train_tokenizer(["", ""], kind="sentencepiece", vocab_size=400, folder=tmp_path)


def test_training_refuses_a_vocabulary_without_room(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"vocab_size is 300; 276 ids are reserved"):
        train_tokenizer(lines(5), kind="sentencepiece", vocab_size=300, folder=tmp_path)


def test_training_refuses_more_characters_than_pieces(tmp_path: Path) -> None:
    hanja = [join_at("".join(map(chr, range(0x4E00, 0x4E00 + 500))), (1, *range(10, 500, 10)))]
    with pytest.raises(TokenizerError, match=r"cannot train 400 pieces on .*another vocab_size"):
        train_tokenizer(hanja, kind="sentencepiece", vocab_size=400, folder=tmp_path, n_threads=1)


def test_training_refuses_an_unknown_model_type(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"model_type is 'word'; allowed: unigram, bpe"):
        train_tokenizer(
            lines(5), kind="sentencepiece", vocab_size=400, folder=tmp_path, model_type="word"
        )


def test_units_that_teach_nothing_are_not_counted() -> None:
    counted = count_units(["▁나\x1f는▁나", "▁" + "x" * 80, "▁a b", "▁a\x00"])
    assert counted == {"▁나": 2, "는": 1}
