"""The model card of a bundle: data with licences, training, scores, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from training.config import RunConfig
from training.data.shards import StoredSource

_ORIGINS = {
    "human": "people",
    "mt": "Korean side mostly machine-translated",
    "llm": "written by a large language model",
}


def _sources(sources: Sequence[StoredSource]) -> str:
    rows = ["| source | pairs | weight | licence | made by |", "|---|--:|--:|---|---|"]
    for source in sorted(sources, key=lambda s: (s.group, s.name)):
        made = _ORIGINS.get(source.origin, source.origin)
        rows.append(
            f"| {source.name} | {source.pairs} | {source.weight:.2g} | {source.licence} | {made} |"
        )
    return "\n".join(rows)


def _scores(scores: Mapping[str, Any]) -> str:
    if not scores:
        return "Not measured yet: run `nmt evaluate`."
    rows = ["| test set | scores |", "|---|---|"]
    for name, values in scores.items():
        if isinstance(values, Mapping):
            text = ", ".join(
                f"{k} {v:.2f}" if isinstance(v, float) else f"{k} {v}" for k, v in values.items()
            )
        else:
            text = str(values)
        rows.append(f"| {name} | {text} |")
    return "\n".join(rows)


def write_card(
    name: str,
    config: RunConfig,
    about: Mapping[str, Any],
    counters: Mapping[str, Any],
    sources: Sequence[StoredSource],
    scores: Mapping[str, Any],
) -> str:
    """Gives the text of MODEL_CARD.md.

    Args:
        name: of the bundle.
        config: settings of the run.
        about: what the checkpoint says of itself.
        counters: updates, target tokens and elapsed seconds of the run.
        sources: corpora of the prepared data; empty where it is not at hand.
        scores: test set → metric → value.
    """
    model = ", ".join(f"{k} {v}" for k, v in about["model"].items() if v is not None)
    tokenizers = "; ".join(
        f"{side} {about[f'{side}_tokenizer'].get('kind')}, "
        f"{about[f'{side}_tokenizer'].get('vocab_size')} pieces"
        for side in ("source", "target")
        if f"{side}_tokenizer" in about
    )
    data = _sources(sources) if sources else "The prepared data was not at hand at export."
    trained = f"{counters['update']} updates, {counters['tokens']} target pieces"
    if "elapsed_s" in counters:
        trained += f", {counters['elapsed_s'] / 60:.0f} minutes on {about.get('device', 'cpu')}"
    return f"""# {name}

Korean → English. {model}.

## Training

{trained} ({about.get("precision", "fp32")}). Tokenizers: {tokenizers or "see config.json"}.
Label smoothing {config.train.label_smoothing:g}, {config.train.schedule} schedule, peak learning
rate {config.train.learning_rate:g}.

## Data

{data}

## Scores

{_scores(scores)}

## Limits

Trained on the sources above only: other domains, dialects, names and long sentences come out worse.
Translations can be fluent and wrong. Not for decisions about health, law or safety without a
person who reads both languages.
"""
