"""The word table finds translations, and what is made of it helps as claimed."""

import numpy as np
import pytest
import torch

from nmt.config import RnnConfig, TransformerConfig
from nmt.errors import ConfigError
from nmt.models.build import build_model
from nmt.models.rnn import RnnSeq2Seq
from training.config import TrainConfig
from training.data.batch import Batch
from training.lexicon import (
    NULL_ID,
    AlignmentGuide,
    Lexicon,
    estimate_lexicon,
    lexical_embeddings,
    start_from_lexicon,
)
from training.loss import backward_chunked, chunked_loss

VOCAB = 40


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    """From sentences in which word k is translated as word VOCAB - k + 4, in any order."""
    rng = np.random.default_rng(0)
    pairs = []
    for _ in range(400):
        words = rng.choice(np.arange(5, VOCAB), size=6, replace=False)
        translated = VOCAB + 4 - words
        rng.shuffle(translated)
        pairs.append((words.tolist(), translated.tolist()))
    return estimate_lexicon(pairs, (VOCAB, VOCAB))


def test_lexicon_finds_the_translation_of_every_word(lexicon: Lexicon) -> None:
    table = np.zeros(lexicon.shape)
    table[lexicon.src, lexicon.tgt] = lexicon.probabilities
    best = table[5:].argmax(axis=1)
    assert best.tolist() == [VOCAB + 4 - word for word in range(5, VOCAB)]
    assert table[5:].max(axis=1).min() > 0.8


def test_lexicon_first_iteration_is_the_formula() -> None:
    lexicon = estimate_lexicon([([5], [6]), ([5, 7], [6, 8])], (9, 9), iterations=1, smoothing=0.0)
    counts = {(s, t): c for s, t, c in zip(lexicon.src, lexicon.tgt, lexicon.counts, strict=True)}
    # Each target word is shared evenly by the words of its source sentence and the empty word.
    assert counts[5, 6] == pytest.approx(1 / 2 + 1 / 3)
    assert counts[7, 8] == pytest.approx(1 / 3)
    assert counts[NULL_ID, 6] == pytest.approx(1 / 2 + 1 / 3)
    total = counts[5, 6] + counts[5, 8]
    probability = lexicon.probabilities[(lexicon.src == 5) & (lexicon.tgt == 6)]
    assert probability.item() == pytest.approx(counts[5, 6] / total)


def test_lexical_embeddings_put_translations_side_by_side(lexicon: Lexicon) -> None:
    src, tgt = lexical_embeddings(lexicon, 64, seed=1)
    nearest = (src @ tgt.T)[5:, 5:].argmax(dim=1) + 5
    expected = torch.tensor([VOCAB + 4 - word for word in range(5, VOCAB)])
    assert (nearest == expected).float().mean() > 0.9
    torch.testing.assert_close(src.norm(dim=1).mean().item(), 1.0, atol=0.2, rtol=0)
    again, _ = lexical_embeddings(lexicon, 64, seed=1)
    torch.testing.assert_close(src, again)


@pytest.mark.parametrize(
    "config",
    [
        RnnConfig(VOCAB, VOCAB, d_embed=16, d_model=8),
        TransformerConfig(VOCAB, VOCAB, d_model=16, d_ff=16, n_heads=2),
    ],
)
def test_lexicon_start_replaces_both_embeddings(
    lexicon: Lexicon, config: RnnConfig | TransformerConfig
) -> None:
    torch.manual_seed(0)
    model = build_model(config)
    names = [n for n, _ in model.named_parameters() if "embedding" in n]
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    start_from_lexicon(model, lexicon, seed=1)
    changed = [n for n, p in model.named_parameters() if not torch.equal(p, before[n])]
    assert len(names) == 2
    assert set(names) <= set(changed)
    if isinstance(config, TransformerConfig):
        assert [n for n in changed if n not in names] == [
            f"decoder.{i}.cross.{part}.weight" for i in range(2) for part in ("key_value", "output")
        ]


@torch.no_grad()
def test_lexicon_start_makes_luong_begin_with_the_translation(lexicon: Lexicon) -> None:
    torch.manual_seed(0)
    model = build_model(
        RnnConfig(VOCAB, VOCAB, attention="luong", residual=True, d_embed=16, d_model=16)
    ).eval()
    assert isinstance(model, RnnSeq2Seq)
    start_from_lexicon(model, lexicon, seed=1)
    word = torch.tensor([[10]])
    memory = model.encoder.embedding(word)
    passed = model.narrow(memory @ model.combine_context().T)
    assert (passed @ model.embedding.weight.T)[0, 0].argmax().item() == VOCAB + 4 - 10


def test_guide_wants_the_source_position_of_the_translation(lexicon: Lexicon) -> None:
    guide = AlignmentGuide(lexicon, torch.device("cpu"))
    src = torch.tensor([[10, 20, 30, 2], [11, 2, 0, 0]])
    tgt = torch.tensor([[14, 34, 24, 2], [33, 2, 0, 0]])
    rows, counted = guide.wanted(src, src != 0, tgt)
    assert rows[0, :3].argmax(-1).tolist() == [2, 0, 1]
    assert rows[1, 0].argmax().item() == 0
    assert not counted[1, 2:].any()
    torch.testing.assert_close(rows.sum(-1)[counted], torch.ones(int(counted.sum())))


def test_guide_loss_is_least_where_attention_obeys(lexicon: Lexicon) -> None:
    guide = AlignmentGuide(lexicon, torch.device("cpu"))
    src, tgt = torch.tensor([[10, 20, 2]]), torch.tensor([[34, 24, 2]])
    wanted, _ = guide.wanted(src, src != 0, tgt)
    uniform = torch.full_like(wanted, 1 / 3)
    obeying = guide.loss(wanted, src, src != 0, tgt)
    assert obeying < guide.loss(uniform, src, src != 0, tgt)


def test_guide_gradient_equals_one_backward_over_the_sum() -> None:
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(4, 4))
    inputs, targets, out = torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2]), torch.randn(3, 4)
    hidden = inputs @ weight
    guiding = hidden.square().sum()
    backward_chunked(hidden, targets, lambda h: h @ out.T, 0.1, 2, 0.5, guiding)
    chunked = weight.grad
    weight.grad = None
    hidden = inputs @ weight
    loss = torch.nn.functional.cross_entropy(
        hidden @ out.T, targets, label_smoothing=0.1, reduction="sum"
    )
    ((loss + hidden.square().sum()) * 0.5).backward()
    torch.testing.assert_close(chunked, weight.grad)
    assert chunked_loss(hidden, targets, lambda h: h @ out.T, 0.1, 4)[0].item() == pytest.approx(
        loss.item(), rel=1e-4
    )


def test_batch_target_rows_are_rebuilt() -> None:
    batch = Batch(
        torch.zeros(2, 1, dtype=torch.long), torch.ones(2, 1, dtype=torch.bool),
        torch.tensor([[1, 5, 6], [1, 7, 0]]), torch.tensor([5, 6, 2, 7, 2]),
        torch.tensor([0, 1, 2, 3, 4]),
    )  # fmt: skip
    assert batch.tgt_out.tolist() == [[5, 6, 2], [7, 2, 0]]


def test_config_guide_needs_a_lexicon() -> None:
    with pytest.raises(ConfigError, match=r"guide_weight is 0\.5 without a word table"):
        TrainConfig(guide_weight=0.5)
