"""Which special ids stand in samples: by the tokenizer's own conventions, or by choice."""

from graph.config import Config
from graph.config_sections import PackingSection
from litelong import UsageError
from tools.packing.gather import Specials
from tools.packing.marks import Marks
from tools.tokens import Tokenizer


def specials_of(config: Config, tokenizer: Tokenizer, *, interleaved: bool) -> Specials:
    """BOS, separator, padding and marks. Raises `UsageError` for an id that the tokenizer does not have.

    In `interleaved` samples a document's parts stand apart, and no separator comes between them.
    """
    packing = config.packing
    return Specials(
        bos=tokenizer.bos_id if packing.bos == "auto" else None,
        separator=None if interleaved else _separator(packing, tokenizer),
        pad=_pad(packing, tokenizer) if packing.padding else None,
        marks=Marks.of(tokenizer, packing.context_length, config.run.seed) if packing.back_trace else None,
    )


def _separator(packing: PackingSection, tokenizer: Tokenizer) -> int | None:
    if packing.separator == "none":
        return None
    if packing.separator == "eos":
        return tokenizer.eos_id
    if packing.separator == "bos":
        if tokenizer.bos_id is None:
            raise UsageError(f"packing.separator: tokenizer {tokenizer.name} has no BOS; use eos, none or an id")
        return tokenizer.bos_id
    return _known(packing.separator, tokenizer, "packing.separator")


def _pad(packing: PackingSection, tokenizer: Tokenizer) -> int:
    if packing.pad_id != "auto":
        return _known(packing.pad_id, tokenizer, "packing.pad_id")
    found = tokenizer.pad_id if tokenizer.pad_id is not None else tokenizer.eos_id
    if found is None:
        raise UsageError(
            f"packing.pad_id: tokenizer {tokenizer.name} has neither padding nor EOS; give the id to pad with"
        )
    return found


def _known(token: int, tokenizer: Tokenizer, key: str) -> int:
    if token >= tokenizer.vocab_size:
        raise UsageError(
            f"{key}: {token} is no id of tokenizer {tokenizer.name}, whose ids are below {tokenizer.vocab_size}"
        )
    return token
