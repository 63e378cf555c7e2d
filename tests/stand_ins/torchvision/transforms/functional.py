"""The names that Streaming imports."""


def to_tensor(_: object) -> None:
    raise NotImplementedError("a stand-in has no images")
