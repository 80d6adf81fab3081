"""What counts in a paragraph of runs: texts, what stands alone, walls, edges of containers."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from nmt.documents.hangul import has_hangul
from nmt.documents.xml_tree import Element, local_name


@dataclass(frozen=True)
class RunRules:
    """How a format writes paragraphs; names of elements are without their namespaces."""

    text: str
    """The element of text inside a run."""
    format_key: Callable[[Element], str]
    """Equal for runs that look the same."""
    run: str = "r"
    containers: frozenset[str] = frozenset()
    """Elements around runs that must not be lost, such as links."""
    singles: frozenset[str] = frozenset()
    """Elements between runs that stand for something to see."""
    walls: frozenset[str] = frozenset({"br", "tab", "cr"})
    """Elements that end a segment, inside runs or between them."""
    properties: frozenset[str] = frozenset({"rPr"})
    """Children of a run that say how it looks."""
    ignored: frozenset[str] = frozenset()
    """Children of a run that nobody sees."""
    marks_spaces: bool = False
    """Whether spaces at the ends of a text count only with `xml:space`."""
    content: str = ""
    """The child of a container that holds the runs, if they are not its own children."""


class Role(Enum):
    TEXT = "text"
    SINGLE = "single"
    WALL = "wall"
    OPEN = "open"
    CLOSE = "close"


@dataclass
class Item:
    """An element of a paragraph that counts: a run with one thing in it, a container's edge, …"""

    role: Role
    element: Element
    format: str = ""
    text: str = ""
    base: str = ""
    """The most common format of the paragraph or container around it."""
    others: list[Element] = field(default_factory=list)
    """More elements that belong to a single item, such as the rest of a field."""


def iter_items(parent: Element, rules: RunRules) -> Iterator[Item]:
    """Gives what counts of a paragraph or container, and splits its runs on the way."""
    items: list[Item] = []
    for child in list(parent):
        name = local_name(child)
        if name == rules.run:
            items += [_run_item(run, rules) for run in split_run(child, rules)]
        elif name in rules.containers:
            inner = list(iter_items(hole(child, rules), rules))
            items += [Item(Role.OPEN, child), *inner, Item(Role.CLOSE, child)]
        elif name in rules.walls:
            items.append(Item(Role.WALL, child))
        elif name in rules.singles:
            items.append(Item(Role.SINGLE, child))
    _set_base([item for item in items if item.format and not item.base])
    yield from items


def hole(container: Element, rules: RunRules) -> Element:
    """The element inside a container whose children are runs."""
    found = container.find("{*}" + rules.content) if rules.content else None
    return container if found is None else found


def _set_base(items: Sequence[Item]) -> None:
    lengths: Counter[str] = Counter()
    for item in items:
        lengths[item.format] += len(item.text)
    base = max(lengths, key=lambda key: lengths[key], default="")
    for item in items:
        item.base = base


def split_run(run: Element, rules: RunRules) -> list[Element]:
    """Splits a run in place into runs of one text, one wall or anything else; gives them."""
    groups: list[list[Element]] = []
    kinds: list[str] = []
    for child in list(run):
        name = local_name(child)
        if name in rules.properties:
            continue
        kind = _kind(child, rules)
        if kind == "other" and name in rules.ignored and kinds:
            kind = kinds[-1]
        if kinds and kinds[-1] == kind and kind == "other" and name != "fldChar":
            groups[-1].append(child)
        else:
            groups.append([child])
            kinds.append(kind)
    runs = [run]
    for group in groups[1:]:
        new = shell(run, rules)
        new.extend(group)
        runs[-1].addnext(new)
        runs.append(new)
    return runs


def shell(run: Element, rules: RunRules) -> Element:
    """Gives a copy of a run with its properties and nothing else."""
    new = copy.copy(run)
    new.tail = None
    for child in list(new):
        if local_name(child) not in rules.properties:
            new.remove(child)
    return new


def _kind(child: Element, rules: RunRules) -> str:
    """What a child of a run is; a text element that holds elements is what these are."""
    name = local_name(child)
    names = {name, *map(local_name, child)} if name == rules.text else {name}
    if names & rules.walls:
        return "wall"
    return "text" if name == rules.text and len(child) == 0 else "other"


def _run_item(run: Element, rules: RunRules) -> Item:
    children = [child for child in run if local_name(child) not in rules.properties]
    kinds = {_kind(child, rules): child for child in children}
    key = f"={rules.format_key(run)}"
    if {local_name(child) for child in children} <= rules.ignored:
        return Item(Role.TEXT, run, key)
    if "text" in kinds:
        return Item(Role.TEXT, run, key, str(kinds["text"].text or ""))
    return Item(Role.WALL if "wall" in kinds else Role.SINGLE, run, key)


def with_fields(items: list[Item]) -> list[Item]:
    """The items with each field (between `fldChar`s) as one; one that holds Korean as walls."""
    done: list[Item] = []
    begins: list[int] = []
    for item in items:
        mark = item.element.find("{*}fldChar") if item.role is Role.SINGLE else None
        kind = "" if mark is None else mark.get(mark.tag + "Type", "")
        done.append(item)
        if kind == "begin":
            begins.append(len(done) - 1)
        elif kind == "end" and begins:
            start = begins.pop()
            inside = done[start:]
            roles = {item.role for item in inside}
            if roles <= {Role.SINGLE, Role.TEXT} and not any(has_hangul(i.text) for i in inside):
                others = [e for i in inside[1:] for e in (i.element, *i.others)]
                done[start:] = [Item(Role.SINGLE, inside[0].element, others=others)]
                continue
            for at in (start, *range(start, len(done))):
                if _is_field_mark(done[at]):
                    done[at].role = Role.WALL
        elif kind and not begins:
            item.role = Role.WALL
    for at in begins:
        done[at].role = Role.WALL
    return done


def _is_field_mark(item: Item) -> bool:
    names = {local_name(child) for child in item.element}
    return item.role is Role.SINGLE and bool(names & {"fldChar", "instrText"})


def chunks(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Gives the items between walls; a container with a wall inside is a wall itself."""
    walled = set()
    opened: list[Element] = []
    for item in items:
        if item.role is Role.OPEN:
            opened.append(item.element)
        elif item.role is Role.CLOSE:
            opened.pop()
        elif item.role is Role.WALL:
            walled |= set(opened)
    chunk: list[Item] = []
    for item in items:
        is_edge = item.role in (Role.OPEN, Role.CLOSE) and item.element in walled
        if item.role is Role.WALL or is_edge:
            yield chunk
            chunk = []
        else:
            chunk.append(item)
    yield chunk
