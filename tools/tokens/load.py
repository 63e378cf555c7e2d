"""A tokenizer from the one string of the configuration: a tiktoken encoding's name, or where a `tokenizer.json` lies."""

from difflib import get_close_matches
from pathlib import Path

from litelong import UsageError
from tools.tokens.interface import Tokenizer


def load_tokenizer(name: str, base: Path) -> Tokenizer:
    """The tokenizer called `name`: an encoding, a `tokenizer.json` or a folder that holds one (relative to `base`).

    Raises `UsageError` when there is none of that name, or when it cannot be loaded.
    """
    from tools.tokens.tiktoken_encoding import TiktokenEncoding, encoding_names

    names = encoding_names()
    if name.removesuffix("_offline") in names:
        return TiktokenEncoding(name)
    path = base / Path(name).expanduser()
    file = path / "tokenizer.json" if path.is_dir() else path
    if name and file.is_file():
        from tools.tokens.tokenizer_file import TokenizerFile

        return TokenizerFile(name, file)
    near = get_close_matches(name, names, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise UsageError(
        f"tokenizer {name[:200]!r}: neither a tiktoken encoding ({', '.join(names)}) nor a tokenizer.json at {file}{hint}"
    )
