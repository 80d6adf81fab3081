"""Settings of `nmt train prepare`: what is read, what is dropped, what is written."""

from __future__ import annotations

from dataclasses import dataclass, field

from nmt.config import require


@dataclass(frozen=True)
class FilterConfig:
    """Limits of the filters; a pair outside any of them is dropped and counted."""

    min_chars: int = 1
    """Fewest characters on either side."""
    max_chars: int = 1000
    """Most characters on either side."""
    min_words: int = 1
    """Fewest words on the English side."""
    max_words: int = 150
    """Most words on either side."""
    max_length_ratio: float = 3.0
    """Longer over shorter side plus 15 characters each; a Hangul character counts 2.2 times."""
    min_hangul: float = 0.3
    """Least share of Hangul among the letters of the source."""
    min_latin: float = 0.7
    """Least share of Latin letters among the letters of the target."""
    numbers: bool = True
    """Drop pairs whose numbers disagree."""
    markup: bool = True
    """Drop pairs whose slots (`%s`, `{x}`), tags or URLs disagree."""
    language: bool = True
    """Drop targets with the frequent words of another language."""
    spacing: bool = True
    """Drop Korean torn into syllables or with lone particles (`테 넌 트`, `호출 하 고`)."""
    max_same_pair: int = 1
    """Copies kept of an identical pair."""
    max_same_source: int = 3
    """Pairs kept with the same source."""
    max_same_target: int = 5
    """Pairs kept with the same target."""
    near_duplicates: bool = True
    """Drop a pair whose shingles nearly equal those of an earlier pair (MinHash, Broder 1997)."""

    def __post_init__(self) -> None:
        for name in ("min_chars", "max_chars", "min_words", "max_words", "max_same_pair",
                     "max_same_source", "max_same_target"):  # fmt: skip
            value = getattr(self, name)
            require(value >= 1, f"filters.{name} is {value}; allowed: 1 or more")
        for low, high in (("min_chars", "max_chars"), ("min_words", "max_words")):
            require(
                getattr(self, low) <= getattr(self, high),
                f"filters.{low} is {getattr(self, low)}, above filters.{high}, "
                f"which is {getattr(self, high)}; lower the one or raise the other",
            )
        require(
            self.max_length_ratio >= 1.0,
            f"filters.max_length_ratio is {self.max_length_ratio}; allowed: 1 or more",
        )
        for name in ("min_hangul", "min_latin"):
            value = getattr(self, name)
            require(0.0 <= value <= 1.0, f"filters.{name} is {value}; allowed: 0 to 1")


@dataclass(frozen=True)
class AugmentConfig:
    """Noise on training pairs; each rate is the probability that a pair gets that noise."""

    copies: float = 0.0
    """Noised copies written per clean pair by `prepare`; 0 writes none."""
    spacing: float = 0.3
    """Korean spaces left out, as people type."""
    space_rate: float = 0.5
    """Share of the spaces that go when a pair gets spacing noise."""
    punctuation: float = 0.2
    """Final punctuation left out (of the source; half of the time of both sides)."""
    typos: float = 0.15
    """Slips of a finger on the two-set keyboard, at the level of jamo."""
    typo_rate: float = 0.03
    """Share of the syllables that are hit when a pair gets typos (at least one)."""
    placeholders: float = 0.2
    """Numbers and Latin words that stand on both sides become placeholders on both."""
    concatenate: float = 0.2
    """Joined with one or two neighbours of the same corpus, on both sides."""
    max_chars: int = 400
    """No concatenation beyond this many characters on either side."""

    def __post_init__(self) -> None:
        for name in ("spacing", "space_rate", "punctuation", "typos", "typo_rate",
                     "placeholders", "concatenate"):  # fmt: skip
            value = getattr(self, name)
            require(0.0 <= value <= 1.0, f"augment.{name} is {value}; allowed: 0 to 1")
        require(0.0 <= self.copies <= 4.0, f"augment.copies is {self.copies}; allowed: 0 to 4")
        require(self.max_chars >= 1, f"augment.max_chars is {self.max_chars}; allowed: 1 or more")


@dataclass(frozen=True)
class PrepareConfig:
    """One run of `prepare`: table `[data]` of a training configuration."""

    corpora: tuple[str, ...]
    """Folders of corpora or single files; each file (or pair of files) is one source."""
    output: str = "data/prepared"
    """Folder that receives the shards, the manifest and the report; replaced when it exists."""
    manifest: str | None = None
    """Table of names, groups and licences; by default MANIFEST.tsv in or above the corpora."""
    include: tuple[str, ...] = ("*",)
    """Names, groups or globs of the sources to read."""
    skip: tuple[str, ...] = ()
    """Names, groups or globs of sources to leave out."""
    exclude: tuple[str, ...] = ()
    """Test and development files (or globs): pairs that contain their lines are dropped."""
    exclude_overlap: float = 0.8
    """Share of a test line's shingles that makes a training text its near-duplicate."""
    allowed_licences: tuple[str, ...] = ()
    """Globs; when given, only sources with such a licence are read."""
    forbidden_licences: tuple[str, ...] = ()
    """Globs; sources with such a licence are not read."""
    weights: dict[str, float] = field(default_factory=dict)
    """Passes per epoch by name, group or glob: 2.5 is twice and half of the pairs a third time."""
    caps: dict[str, int] = field(default_factory=dict)
    """Most pairs of all sources together that a name, group or glob matches."""
    temperature: float = 1.0
    """Sizes are flattened to n^(1/temperature) (Arivazhagan 2019); 1 leaves them."""
    filters: FilterConfig = field(default_factory=FilterConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    protect: bool = True
    """Spans such as URLs, tags and slots that stand on both sides become placeholders."""
    seed: int = 1
    workers: int = 0
    """Processes; 0 takes one per free core, 1 runs in this process."""

    def __post_init__(self) -> None:
        require(len(self.corpora) > 0, "corpora is empty; name a folder or file of corpora")
        require(self.temperature > 0, f"temperature is {self.temperature}; allowed: above 0")
        require(self.workers >= 0, f"workers is {self.workers}; allowed: 0 or more")
        require(
            0.0 < self.exclude_overlap <= 1.0,
            f"exclude_overlap is {self.exclude_overlap}; allowed: above 0, at most 1",
        )
        for pattern, weight in self.weights.items():
            require(weight >= 0, f"weights.{pattern} is {weight}; allowed: 0 or more")
        for pattern, cap in self.caps.items():
            require(cap >= 0, f"caps.{pattern} is {cap}; allowed: 0 or more")
