"""The ledger of a run: what became of every document of the corpus and of every token of those encoded."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from graph.chats import model_calls
from graph.context import RunContext
from tools.packing.ledger import DocumentAccount, TokenAccount, added, ledger, token_accounts, with_rest
from tools.packing.tables import Plan, RowArray, Tables, Unit


def make_ledger(context: RunContext, plan: Plan, units: Sequence[Unit], tables: Tables) -> dict[str, Any]:
    """The content of `ledger.json`. Raises `RuntimeError` when it does not close."""
    length = context.config.packing.context_length
    units = with_rest(units, len(tables))
    accounts = token_accounts(tables.lengths, _copies(context, tables), units, plan, length)
    total = added(accounts, length)
    documents = _documents(context, tables)
    errors = [*documents.errors(), *(error for account in (total, *accounts) for error in account.errors())]
    errors += _sums(total, plan, tables)
    if errors:
        raise RuntimeError(f"the ledger does not close: {'; '.join(errors[:5])}")
    facts = [
        {
            "hits": len(unit.documents),
            "hit_tokens": int(tables.lengths[unit.documents].sum()),
            "short_of_one_sample": plan.short_units.get(unit.unit_id),
        }
        for unit in units
    ]
    content = ledger(documents, total, list(zip(units, accounts, strict=True)), facts, _calls(context))
    mined = context.run.stage("mine")
    if mined:
        threshold = context.config.negatives.near_copies
        content["negatives"] = {
            **mined.counts,
            "near_copies_threshold": threshold,
            "near_duplicates_refused": plan.refused["near-duplicate"],
            "near_copies_refused": plan.refused["near-copy"],
        }
    return content


def _calls(context: RunContext) -> dict[str, Any]:
    debate = context.run.stage("debate")
    failed = len(debate.counts["failed"]) if debate else 0
    return model_calls(context.path, (c.path for c in context.parts.categories), failed)


def _sums(total: TokenAccount, plan: Plan, tables: Tables) -> list[str]:
    """The units' sums against what the tables and the plan say without them."""
    found = []
    if total.encoded != int(tables.lengths.sum()):
        found.append(f"units have {total.encoded} tokens, the documents {int(tables.lengths.sum())}")
    if total.samples != len(plan.samples):
        found.append(f"units have {total.samples} samples, the plan {len(plan.samples)}")
    return found


def _copies(context: RunContext, tables: Tables) -> RowArray:
    """int64 [n]: exact duplicates of each document that were dropped when the corpus was indexed."""
    copies = np.zeros(len(tables), np.int64)
    of = (duplicate.of for duplicate in context.indexed.catalog.duplicates())
    while some := list(islice(of, 1 << 20)):
        rows = tables.doc_ids.rows(pa.array(some, pa.string()))
        np.add.at(copies, rows[rows >= 0], 1)
    return copies


def _documents(context: RunContext, tables: Tables) -> DocumentAccount:
    counts = context.indexed.counts()
    encoded = int(context.documents.characters.sum())
    return DocumentAccount(
        read=counts.read,
        rejected=counts.rejected,
        duplicates=counts.duplicates,
        indexed=counts.documents,
        encoded=len(tables),
        not_encoded=counts.documents - len(tables),
        near_duplicates=tables.near_duplicates,
        characters=counts.characters,
        characters_not_encoded=counts.characters - encoded,
    )
