"""A training run in a process of its own, for tests that kill it: killed_run.py FOLDER MODEL."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))

from reversal import reversed_digits, run_config, run_data

from training.fit import fit
from training.reporter import Observer


class Printing(Observer):
    def advanced(self, state, progress, tokens_per_s):
        print(state.update, flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    config = run_config(sys.argv[2], checkpoint_every=4)
    fit(config, Path(sys.argv[1]), observer=Printing(), data=run_data(reversed_digits(300, 1)))
