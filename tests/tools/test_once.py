"""`once`: made by one thread, whatever the Python version."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tools.once import once


def test_only_one_of_many_threads_makes_it() -> None:
    made: list[int] = []
    start = Barrier(8)

    class Holder:
        @once
        def value(self) -> int:
            made.append(1)
            time.sleep(0.01)
            return len(made)

    holder = Holder()

    def read(_: int) -> int:
        start.wait()
        return int(holder.value)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(8))) == [1] * 8
    assert made == [1]


def test_each_instance_has_its_own() -> None:
    class Holder:
        @once
        def value(self) -> object:
            return object()

    one, other = Holder(), Holder()
    assert one.value is one.value
    assert one.value is not other.value
