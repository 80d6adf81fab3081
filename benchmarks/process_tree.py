"""What a process and those it started have used, from /proc (Linux)."""

import os
import re
from collections.abc import Iterator
from pathlib import Path


def cpu_s(pid: int) -> float:
    """Gives the processor seconds of a process and all below it, those that ended included."""
    ticks = 0
    for each in iter_tree(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def peak_bytes(pid: int) -> int:
    """Gives the sum of the most memory that each process of the tree ever had."""
    found = (
        re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{each}/status").read_text())
        for each in iter_tree(pid)
    )
    return sum(int(one[1]) * 1024 for one in found if one)


def iter_tree(pid: int) -> Iterator[int]:
    """Gives a process and all that descend from it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from iter_tree(int(child))
