"""Freed memory is kept for the next array."""

import os
import subprocess
import sys

import pytest

CHILD = """
import resource, sys
import numpy as np
from nmt.allocator import keep_freed_memory
print(keep_freed_memory() if sys.argv[1] == "keep" else None)
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(6_000_000)
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
def test_kept_memory_is_not_faulted_in_again():
    (_, as_usual), (answer, kept) = run("leave"), run("keep")
    assert answer == "True"
    assert kept < as_usual / 10


@needs_glibc
def test_settings_of_the_environment_are_left_alone():
    assert run("keep", MALLOC_ARENA_MAX="2")[0] == "False"
    assert run("keep", GLIBC_TUNABLES="glibc.malloc.arena_max=2")[0] == "False"
