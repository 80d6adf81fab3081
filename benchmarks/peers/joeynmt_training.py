"""JoeyNMT's training: its data set, batches, manager and optimiser, in the loop of its manager.

With `batches` in the job the rows of a batch are given, so that only the updates differ.
"""

import itertools
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from joeynmt.config import parse_train_args
from joeynmt.datasets import PlaintextDataset
from joeynmt.tokenizers import BasicTokenizer
from joeynmt.training import TrainManager
from joeynmt_models import transformer, word
from torch.utils.data import DataLoader
from worker import Order, serve

CPU = torch.device("cpu")
LANGUAGES = ("ko", "en")


def build(job: Order) -> Any:
    """Gives the work: some updates."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    folder = Path(tempfile.mkdtemp())
    model = transformer(job["model"])
    model.loss_function = ("crossentropy", job["label_smoothing"])
    settings = parse_train_args({
        "optimizer": "adam", "adam_betas": [0.9, 0.98], "learning_rate": 1e-3,
        "label_smoothing": job["label_smoothing"], "normalization": "tokens", "scheduling": "noam",
        "batch_size": job["batch_tokens"], "batch_type": "token", "clip_grad_norm": 1.0,
    })  # fmt: skip
    autocast = {"device_type": "cpu", "enabled": False}
    manager = TrainManager(
        rank=0, model=model, model_dir=folder, device=CPU, autocast=autocast, train_args=settings
    )
    batches = _batches(_dataset(job, model, folder), model, job)
    numbers = itertools.count(1)

    def work(order: Order) -> Order:
        tokens = 0
        for _ in range(order["updates"]):
            batch = next(batches)
            loss, _ = manager._train_step(batch)
            manager.clip_grad_fun(parameters=manager.model.parameters())
            manager.optimizer.step()
            manager.scheduler.step(next(numbers))
            manager.model.zero_grad()
            tokens += batch.ntokens
        return {"tokens": tokens, "loss": loss}

    return work


def _dataset(job: Order, model: Any, folder: Path) -> PlaintextDataset:
    for side, language in enumerate(LANGUAGES):
        lines = [" ".join(map(word, pair[side])) for pair in job["pairs"]]
        (folder / f"train.{language}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    vocabularies = (model.src_vocab, model.trg_vocab)
    return PlaintextDataset(
        str(folder / "train"), *LANGUAGES, split="train", has_trg=True,
        has_prompt=dict.fromkeys(LANGUAGES, False),
        tokenizer={language: BasicTokenizer() for language in LANGUAGES},
        sequence_encoder={
            language: vocabulary.sentences_to_ids
            for language, vocabulary in zip(LANGUAGES, vocabularies, strict=True)
        },
    )  # fmt: skip


def _batches(dataset: PlaintextDataset, model: Any, job: Order) -> Iterator[Any]:
    indices = {"pad_index": model.pad_index, "eos_index": model.eos_index}
    loader = dataset.make_iter(
        job["batch_tokens"], "token", seed=1, shuffle=True, device=CPU, **indices
    )
    if job["batches"]:
        collate = partial(dataset.collate_fn, device=CPU, **indices)
        loader = DataLoader(dataset, batch_sampler=job["batches"], collate_fn=collate)
    while True:
        yield from loader


if __name__ == "__main__":
    serve(build)
