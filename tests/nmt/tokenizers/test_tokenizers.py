"""What every tokenizer owes, on SentencePiece alone and on morphemes, unigram and BPE."""

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from korean_strategies import ANY_TEXT
from small_tokenizers import TEXTS

from nmt.errors import TokenizerError
from nmt.tokenizers.base import BOS_ID, EOS_ID, PAD_ID, PLACEHOLDERS, UNK_ID, Tokenizer
from nmt.tokenizers.morpheme import MorphemeTokenizer
from nmt.tokenizers.segmented import SEPARATOR, text_of
from nmt.tokenizers.sentencepiece import SentencePieceTokenizer
from nmt.tokenizers.subwords import Subwords

SPOKEN = "아버지는 학교에 갔다. 國會 e-mail ⟦3⟧ 👍🏽 ㅋㅋ▁"


@settings(max_examples=60, deadline=None)
@given(text=ANY_TEXT)
def test_tokenizer_loses_nothing_alone(plain: SentencePieceTokenizer, text: str) -> None:
    text = text.replace(SEPARATOR, "")
    assert plain.decode(plain.encode_ids(text)) == text


@settings(max_examples=60, deadline=None)
@given(text=ANY_TEXT)
def test_tokenizer_loses_nothing_on_morphemes(paired: MorphemeTokenizer, text: str) -> None:
    text = text.replace(SEPARATOR, "")
    segmented = paired.segment(text)
    assert text_of(segmented) == text
    assert paired.decode(paired.ids_of_segmented(segmented)) == text


@settings(max_examples=60, deadline=None)
@given(text=ANY_TEXT)
def test_offsets_tile_the_text_and_match_the_pieces(paired: MorphemeTokenizer, text: str) -> None:
    text = text.replace(SEPARATOR, "")
    encoding = paired.encode(text)
    distinct = list(dict.fromkeys(encoding.offsets))
    assert "".join(text[start:end] for start, end in distinct) == text
    for piece, (start, end) in zip(encoding.pieces, encoding.offsets, strict=True):
        if not (piece.startswith("<0x") and len(piece) == 6):
            assert piece.replace("▁", " ")[-(end - start) :] == text[start:end] or start == end


@settings(max_examples=40, deadline=None)
@given(text=ANY_TEXT)
def test_sampling_decodes_to_the_same_text(paired: MorphemeTokenizer, text: str) -> None:
    text = text.replace(SEPARATOR, "")
    rng = random.Random(5)
    segmented = paired.segment(text)
    for alpha in (0.0, 0.1, 0.9):
        assert paired.decode(paired.sample_ids(segmented, alpha, rng)) == text


def test_pieces_never_reach_over_a_morpheme(paired: MorphemeTokenizer) -> None:
    rng = random.Random(1)
    for text in TEXTS[:200]:
        segmented = paired.segment(text)
        ends, at = set(), 0
        for segment in segmented.split(SEPARATOR):
            at += len(segment)
            ends.add(at)
        for ids in (paired.encode_ids(text), paired.sample_ids(segmented, 0.3, rng)):
            at, found = 0, set()
            for piece in paired.subwords.encoding(ids).pieces:
                at += len(piece)
                found.add(at)
            assert ends <= found


def test_vocabulary_has_no_piece_that_joins_morphemes(paired: MorphemeTokenizer) -> None:
    learnt = [piece for piece in paired.subwords.pieces[276:] if len(piece) > 3]
    assert learnt == []  # a fake morpheme has two characters, and one space mark before them


def test_reserved_ids_are_fixed(tokenizer: Tokenizer) -> None:
    pieces = tokenizer.encode("".join(PLACEHOLDERS))
    assert pieces.ids[-16:] == list(range(4, 20))
    assert (PAD_ID, BOS_ID, EOS_ID, UNK_ID) == (0, 1, 2, 3)


def test_placeholder_is_one_piece_inside_a_word(tokenizer: Tokenizer) -> None:
    encoding = tokenizer.encode("값은⟦7⟧원")
    assert encoding.offsets[encoding.ids.index(11)] == (2, 5)


def test_encoding_has_no_special_ids_whatever_the_text(tokenizer: Tokenizer) -> None:
    assert min(tokenizer.encode_ids("<s> </s> <pad> <unk> 龘")) > UNK_ID


def test_decode_leaves_specials_out_and_mends_broken_bytes(tokenizer: Tokenizer) -> None:
    a = tokenizer.encode_ids("a")
    assert tokenizer.decode([BOS_ID, *a, UNK_ID, EOS_ID, PAD_ID]) == "a"
    assert tokenizer.decode([*a, 20 + 0xEA, *a]) == "a� a"


def test_decode_refuses_an_id_outside_the_vocabulary(tokenizer: Tokenizer) -> None:
    with pytest.raises(TokenizerError, match=r"id 70000 is not in the vocabulary; allowed: 0 to"):
        tokenizer.decode([70000])


def test_sampling_is_decided_by_the_generator_alone(tokenizer: Tokenizer) -> None:
    segmented = [tokenizer.segment(text) for text in TEXTS[:50]]

    def draw(seed: int) -> list[list[int]]:
        rng = random.Random(seed)
        return [tokenizer.sample_ids(text, 0.3, rng) for text in segmented]

    first = draw(3)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(draw, [3, 4, 3])) == [first, draw(4), first]
    assert draw(4) != first


def test_sampling_takes_a_numpy_generator(tokenizer: Tokenizer) -> None:
    segmented = tokenizer.segment(SPOKEN)
    ids = tokenizer.sample_ids(segmented, 0.2, np.random.default_rng(0))
    assert tokenizer.decode(ids) == SPOKEN


def test_sampling_varies_and_is_longer_than_the_best(tokenizer: Tokenizer) -> None:
    rng = random.Random(0)
    segmented = tokenizer.segment("국회의장은 바닷가 도서관까지 걸어서 갔습니다.")
    drawn = {tuple(tokenizer.sample_ids(segmented, 0.2, rng)) for _ in range(50)}
    assert len(drawn) > 1
    assert max(map(len, drawn)) > len(tokenizer.ids_of_segmented(segmented))


def test_sampling_refuses_alpha_out_of_range(tokenizer: Tokenizer) -> None:
    with pytest.raises(TokenizerError, match=r"alpha is 1.5; allowed: 0 to 1"):
        tokenizer.sample_ids("▁가", 1.5, random.Random(0))


def test_bpe_without_dropout_is_the_best_encoding(plain_bpe: SentencePieceTokenizer) -> None:
    rng = random.Random(0)
    for text in [*TEXTS[:200], SPOKEN]:
        segmented = plain_bpe.segment(text)
        assert plain_bpe.sample_ids(segmented, 0.0, rng) == plain_bpe.ids_of_segmented(segmented)


def test_unigram_samples_follow_the_model_probabilities(
    plain_unigram: SentencePieceTokenizer,
) -> None:
    processor, alpha, n = plain_unigram.subwords.processor, 0.5, 4000
    unit = "▁도서관"
    candidates = [tuple(ids) for ids in processor.nbest_encode(unit, nbest_size=32)]
    scores = [sum(processor.get_score(i) for i in ids) for ids in candidates]
    weights = np.exp(alpha * np.array(scores))
    rng = random.Random(0)
    drawn = [tuple(plain_unigram.sample_ids(unit, alpha, rng)) for _ in range(n)]
    shares = np.array([drawn.count(ids) / n for ids in candidates])
    assert np.abs(shares - weights / weights.sum()).max() < 0.03


def test_subwords_refuse_what_is_no_model() -> None:
    with pytest.raises(TokenizerError, match=r"model \(4 bytes\) cannot be read"):
        Subwords(b"junk", "unigram")


def test_long_text_without_spaces_is_encoded(tokenizer: Tokenizer) -> None:
    text = "대한민국만세" * 3000
    ids = tokenizer.encode_ids(text)
    assert tokenizer.decode(ids) == text
    sampled = tokenizer.sample_ids(tokenizer.segment(text), 0.2, random.Random(0))
    assert tokenizer.decode(sampled) == text
