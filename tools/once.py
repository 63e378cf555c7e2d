"""A property that is made once, by one thread. Since Python 3.12 `functools.cached_property` lets several threads make it."""

from collections.abc import Callable
from threading import RLock
from typing import Any, Generic, Self, TypeVar, cast, overload

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801 - used as a decorator, like the one it stands in for
    """`cached_property` with a lock: what it makes may be opened files and databases, which must not be opened twice."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._lock = RLock()
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> T: ...

    def __get__(self, instance: object | None, owner: type[Any] | None = None) -> Self | T:
        if instance is None:
            return self
        with self._lock:
            kept = instance.__dict__
            if self._name not in kept:
                kept[self._name] = self._make(instance)
            return cast(T, kept[self._name])
