"""Validation: the loss is the definition, the scores are sacreBLEU's, nothing is disturbed."""

import math

import pytest
import sacrebleu
import torch
from reversal import MODELS, DigitTokenizer, ListPairs, reversed_digits, write_dev

from nmt.config import SearchConfig, build_model_config
from nmt.decoding import score_targets
from nmt.models.build import build_model
from training.config import DataConfig
from training.dev import from_pairs, from_text, load_dev
from training.errors import DataError
from training.precision import Precision
from training.validate import Validation, Validator

TOKENIZER = DigitTokenizer()


@pytest.fixture
def model():
    torch.manual_seed(0)
    sizes = {"src_vocab_size": TOKENIZER.vocab_size, "tgt_vocab_size": TOKENIZER.vocab_size}
    return build_model(build_model_config({**MODELS["luong"], **sizes}))


@pytest.fixture
def dev():
    return from_pairs(ListPairs(reversed_digits(12, 3)), TOKENIZER, TOKENIZER)


def validator_of(dev, lines=100, batch_tokens=40):
    options = SearchConfig(beam_size=4, max_length=8)
    return Validator(dev, TOKENIZER, options, lines, batch_tokens, torch.device("cpu"),
                     Precision("fp32", "cpu"))  # fmt: skip


def test_validation_loss_equals_forced_scores(model, dev):
    found = validator_of(dev)(model)
    total, tokens = 0.0, 0
    for src, tgt in zip(dev.src_ids, dev.tgt_ids, strict=True):
        ids = torch.tensor([[*src, 2]])
        scores = score_targets(model.eval(), ids, ids != 0, [list(tgt)])[0]
        total -= sum(scores)
        tokens += len(scores)
    assert found.loss == pytest.approx(total / tokens, rel=1e-4)
    assert found.perplexity == pytest.approx(math.exp(found.loss))


def test_validation_scores_are_those_of_sacrebleu(model, dev):
    found = validator_of(dev, lines=12)(model)
    assert (found.lines, len(found.samples)) == (12, 5)
    whole = validator_of(dev, lines=12, batch_tokens=10_000)(model)
    assert found.samples == whole.samples, "batching changes no translation"
    texts = [s[1] for s in validator_of(dev, lines=5)(model).samples]
    references = [s[2] for s in validator_of(dev, lines=5)(model).samples]
    five = validator_of(dev, lines=5)(model)
    assert five.chrf == sacrebleu.corpus_chrf(texts, [references]).score
    assert five.bleu == sacrebleu.corpus_bleu(texts, [references]).score


def test_validation_leaves_mode_and_random_numbers_alone(model, dev):
    model.train()
    before = torch.get_rng_state()
    validator_of(dev)(model)
    assert model.training
    assert torch.equal(before, torch.get_rng_state())


def test_validation_without_lines_is_scored_by_loss(model, dev):
    found = validator_of(dev, lines=0)(model)
    assert math.isnan(found.chrf)
    assert found.score("chrf") == -found.loss
    assert Validation(1.0, 2.0, 3.0, 5, ()).score("bleu") == 2.0


def test_dev_set_reads_text_files(tmp_path):
    config = write_dev(tmp_path, reversed_digits(4, 1))
    found = load_dev(config, TOKENIZER, TOKENIZER)
    assert len(found.sources) == 4
    assert found.references[0] == found.sources[0][::-1]
    assert load_dev(DataConfig(), TOKENIZER, TOKENIZER) is None


def test_dev_set_mistakes_are_named(tmp_path):
    with pytest.raises(DataError, match=r"has 1 Korean and 2 English lines"):
        from_text(["1"], ["1", "2"], TOKENIZER, TOKENIZER)
    with pytest.raises(DataError, match=r"development set holds no pairs"):
        from_pairs(ListPairs([]), TOKENIZER, TOKENIZER)
    absent = DataConfig(dev_source=str(tmp_path / "x.ko"), dev_target="y.en")
    with pytest.raises(DataError, match=r"no development file .*x\.ko"):
        load_dev(absent, TOKENIZER, TOKENIZER)
    with pytest.raises(DataError, match=r"data\.dev_target is empty; name the English file"):
        load_dev(DataConfig(dev_source="x.ko"), TOKENIZER, TOKENIZER)
    (tmp_path / "bad.ko").write_bytes(b"12\n\xff\xfe\n")
    bad = DataConfig(dev_source=str(tmp_path / "bad.ko"), dev_target=str(tmp_path / "bad.ko"))
    with pytest.raises(DataError, match=r"bad\.ko is not UTF-8 \(byte 3\)"):
        load_dev(bad, TOKENIZER, TOKENIZER)
