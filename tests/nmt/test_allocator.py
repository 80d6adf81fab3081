"""Freed memory is kept for the next array."""

import os
import subprocess
import sys

import pytest

CHILD = """
import resource, sys
import numpy as np
from nmt.allocator import FOR_SEARCH, FOR_TRAINING, keep_freed_memory
kept = {"search": FOR_SEARCH, "training": FOR_TRAINING}.get(sys.argv[1])
print(keep_freed_memory(kept) if kept else None)
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(1_000_000), np.ones(1_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_TUNABLES"))}
LIBC = os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in os.confstr_names else None
needs_glibc = pytest.mark.skipif(not LIBC, reason="needs glibc")


def run(what, **environment):
    command = [sys.executable, "-c", CHILD, what]
    done = subprocess.run(
        command, env=CLEAN | environment, capture_output=True, text=True, check=True
    )
    answer, faults = done.stdout.split()
    return answer, int(faults)


@needs_glibc
@pytest.mark.parametrize("purpose", ["search", "training"])
def test_kept_memory_is_not_faulted_in_again(purpose):
    (_, as_usual), (answer, kept) = run("leave"), run(purpose)
    assert answer == "True"
    assert kept < as_usual / 10


@needs_glibc
def test_settings_of_the_environment_are_left_alone():
    assert run("search", MALLOC_ARENA_MAX="2")[0] == "False"
    assert run("search", GLIBC_TUNABLES="glibc.malloc.arena_max=2")[0] == "False"
