"""The models that are served: loaded, tried out, swapped without a failed request."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from api.batching.batcher import Batcher, BatchLimits, BatchObserver
from api.errors import ConflictError, NotFoundError, NotReadyError
from nmt.bundle import Bundle
from nmt.errors import BundleError, EngineError, NmtError
from nmt.translator import Translator

logger = logging.getLogger(__name__)

SELF_TEST = ("안녕하세요.", "저는 서울에 살아요. 내일 부산에 가요.", "이 책은 아주 재미있어요.")
"""What a model must translate before it is given to anyone."""


@dataclass(frozen=True)
class ModelSpec:
    """A model to be served."""

    name: str
    """By which requests ask for it."""
    location: str
    """Name or path of its bundle."""


class Model:
    """A loaded model and its batcher; counts who uses it.

    Args:
        spec: where it came from.
        translator: the model.
        limits: of its batches.
        observers: told of its batches.
    """

    def __init__(
        self,
        spec: ModelSpec,
        translator: Translator,
        limits: BatchLimits,
        observers: Sequence[BatchObserver] = (),
    ) -> None:
        self.spec = spec
        self.translator = translator
        self.batcher = Batcher(translator, limits, observers)
        self._n_users = 0
        self._is_unused = asyncio.Event()
        self._is_unused.set()

    @property
    def name(self) -> str:
        """By which requests ask for it."""
        return self.spec.name

    @property
    def bundle(self) -> Bundle:
        """What it was loaded from."""
        if self.translator.bundle is None:
            raise BundleError(f"model {self.name!r} was not loaded from a bundle")
        return self.translator.bundle

    @property
    def checksum(self) -> str:
        """Names its content."""
        return self.bundle.checksum

    @contextmanager
    def in_use(self) -> Iterator[Model]:
        """Keeps the model from being closed while a request uses it."""
        self._n_users += 1
        self._is_unused.clear()
        try:
            yield self
        finally:
            self._n_users -= 1
            if not self._n_users:
                self._is_unused.set()

    async def close(self) -> None:
        """Waits for those who use it, then stops."""
        await self._is_unused.wait()
        await self.batcher.close()


Load = Callable[[ModelSpec], Translator]
"""Loads a bundle; runs in a thread."""
Build = Callable[[ModelSpec, Translator], Model]
"""Makes a model of what was loaded; runs on the event loop."""


class ModelRegistry:
    """The models by name; the first is the default.

    Args:
        specs: what to serve.
        load: loads one of them.
        build: gives it a batcher.
    """

    def __init__(self, specs: Sequence[ModelSpec], load: Load, build: Build) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._load = load
        self._build = build
        self._models: dict[str, Model] = {}
        self._swapping = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def is_ready(self) -> bool:
        """Whether every model is loaded and translates."""
        return len(self._models) == len(self._specs)

    @property
    def models(self) -> list[Model]:
        """Those that are loaded, the default first; safe in any thread."""
        found = (self._models.get(name) for name in tuple(self._specs))
        return [model for model in found if model is not None]

    def get(self, name: str | None = None) -> Model:
        """Gives the model of that name, or the default.

        Raises:
            NotFoundError: no model of that name is served.
            NotReadyError: it is not loaded yet.
        """
        chosen = next(iter(self._specs)) if name is None else name
        if chosen not in self._specs:
            allowed = ", ".join(map(repr, self._specs))
            raise NotFoundError(f"model is {chosen!r}; allowed: {allowed}", field="model")
        if chosen not in self._models:
            raise NotReadyError(f"model {chosen!r} is being loaded; try again", retry_after_s=2)
        return self._models[chosen]

    async def load(self) -> None:
        """Loads every model, the default first.

        Raises:
            NmtError: a model cannot be loaded or does not pass the self-test.
        """
        for spec in self._specs.values():
            await self._put(spec)

    async def swap(self, name: str, location: str | None = None) -> Model:
        """Loads a model beside the one that is served and puts it in its place.

        Requests in work end with the old model, which is closed after them. Where loading or the
        self-test fails, the old model stays.

        Args:
            name: of a model that is served.
            location: name or path of the new bundle; none loads the same place again.

        Raises:
            NotFoundError: no model of that name is served.
            NmtError: the new bundle cannot be loaded or does not pass the self-test.
        """
        async with self._swapping:
            old = self.get(name)
            await self._put(ModelSpec(name, location or old.spec.location))
            self._close_later(old)
            return self._models[name]

    async def put(self, name: str, location: str | None = None) -> Model:
        """Swaps a model that is served, or serves one more.

        Args:
            name: by which requests ask for it.
            location: name or path of its bundle; none is where it is, or the bundle of that name.

        Raises:
            NmtError: the bundle cannot be loaded or does not pass the self-test.
            NotReadyError: the model is being loaded.
        """
        if name in self._specs:
            return await self.swap(name, location)
        async with self._swapping:
            await self._put(ModelSpec(name, location or name))
            return self._models[name]

    async def reload(self) -> None:
        """Swaps every model for what is at its place now; one that fails stays as it is."""
        for name in list(self._models):
            try:
                await self.swap(name)
            except NmtError as error:
                logger.error("model %s stays as it was: %s", name, error)

    def remove(self, name: str) -> None:
        """Stops serving a model; requests in work end with it.

        Raises:
            ConflictError: it is the default.
            NotFoundError: no model of that name is served.
            NotReadyError: it is not loaded yet.
        """
        model = self.get(name)
        if name == next(iter(self._specs)):
            raise ConflictError(
                f"model {name!r} is the default and stays; put another bundle in its place instead"
            )
        del self._specs[name], self._models[name]
        self._close_later(model)

    async def close(self) -> None:
        """Works off what is in the queues and closes every model."""
        await asyncio.gather(*(model.close() for model in self.models), *self._closing)
        self._models.clear()

    def _close_later(self, model: Model) -> None:
        closing = asyncio.create_task(model.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def _put(self, spec: ModelSpec) -> None:
        start = time.perf_counter()
        translator = await asyncio.to_thread(self._load_and_test, spec)
        model = self._build(spec, translator)
        old = self._models.get(spec.name)
        model.batcher.start(before=old.batcher if old else None)
        self._specs[spec.name] = spec
        self._models[spec.name] = model
        logger.info(
            "model %s loaded from %s in %.1f s, checksum %s",
            spec.name, spec.location, time.perf_counter() - start, model.checksum[:12],
        )  # fmt: skip

    def _load_and_test(self, spec: ModelSpec) -> Translator:
        try:
            translator = self._load(spec)
            results = translator.translate(SELF_TEST)
        except NmtError:
            raise
        except (RuntimeError, MemoryError, OSError, ValueError) as error:
            kind = type(error).__name__
            raise EngineError(
                f"the model of {spec.location} cannot be used: {kind}: {error}"
            ) from error
        silent = [result.source for result in results if not result.text.strip()]
        if silent:
            raise BundleError(
                f"the model of {spec.location} translates {silent[0]!r} to nothing; "
                "export its bundle again"
            )
        return translator
