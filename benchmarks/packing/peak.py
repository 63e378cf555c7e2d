"""Peak memory of packing in a process of its own: `python -m benchmarks.packing.peak STORE OUT TOKENS LENGTH RECIPE`.

Packing starts no process: what is measured here is all of it.
"""

import resource
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import orjson

from benchmarks.packing.measure import plan_all, units_of, write_all
from benchmarks.packing.warm_store import warm_store
from tools.memory import give_back
from tools.packing.ledger import token_accounts, with_rest
from tools.packing.plan_file import write_plan
from tools.tokens import TokenStore


class Watch(threading.Thread):
    """Reads the process's own memory every 10 ms: pages of mapped files are not, which the system may take back."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.stopped = False

    def run(self) -> None:
        while not self.stopped:
            self.peak = max(self.peak, own_memory())
            time.sleep(0.01)


def own_memory() -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    # Blocks on their way to the disk are shared memory, of this process alone.
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("RssAnon", "RssShmem")))


def _make(store: Path, tokens: int, length: int) -> None:
    warm_store(store, tokens, length)


if __name__ == "__main__":
    store, out, tokens, length, recipe = (
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        int(sys.argv[3]),
        int(sys.argv[4]),
        sys.argv[5],
    )
    if not store.exists():
        # Making it takes memory that using it does not: in a process that is gone by then.
        with ProcessPoolExecutor(1) as pool:
            pool.submit(_make, store, tokens, length).result()
    warm = warm_store(store, tokens, length)
    # What making the corpus' tables and topics took and freed is not packing's; what they are is. The store is opened again.
    give_back()
    watch = Watch()
    watch.start()
    warm = warm._replace(store=TokenStore(store, warm.store.tokenizer))
    plan = plan_all(warm, recipe, length)
    write_plan(plan, warm.tables, out / "plan")
    write_all(warm, plan, out / "samples", length, "none", workers=2)
    documents = len(warm.tables)
    units = with_rest(units_of(warm, recipe), documents)
    token_accounts(warm.tables.lengths, np.zeros(documents, np.int64), units, plan, length)
    watch.stopped = True
    watch.join()
    whole = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    found = {"documents": documents, "own": watch.peak, "with mapped files": whole}
    sys.stdout.write(orjson.dumps(found).decode() + "\n")
