"""pack: plan the samples from tables alone, then write them from the token store. Ends with the ledger."""

from collections import Counter

import orjson

from graph.accounts import make_ledger
from graph.chunking import with_negatives
from graph.context import RunContext
from graph.packing import make_plan, read_tables, read_units
from litelong import UsageError
from tools.files import write_atomic
from tools.packing.plan_file import write_plan
from tools.packing.tables import Plan, Unit
from tools.packing.write import write_samples


def run(context: RunContext) -> None:
    """Plan, write, account. Raises `UsageError` when no topic fills a sample."""
    if context.run.stage("pack"):
        return
    tables = with_negatives(context, read_tables(context))
    units = read_units(context, tables)
    plan, units = make_plan(context, units, tables)
    if not plan.samples:
        raise UsageError(_nothing(context, units, plan))
    for stale in (context.path / "plan").glob("*.parquet"):
        stale.unlink()
    files = write_plan(plan, tables, context.path / "plan")
    with context.stage("pack", len(plan.samples)) as tick:
        digests = write_samples(
            plan,
            tables,
            context.path / "samples",
            store=context.store,
            specials=context.specials,
            shape=context.shape,
            workers=context.config.run.workers,
            tick=tick,
        )
    files += sorted((context.path / "samples").glob("part-*.parquet"))
    content = make_ledger(context, plan, units, tables)
    files.append(context.path / "ledger.json")
    write_atomic(files[-1], orjson.dumps(content, option=orjson.OPT_INDENT_2))
    tokens = len(plan.samples) * context.config.packing.context_length
    context.run.finish("pack", {"samples": len(plan.samples), "tokens": tokens}, files, digests)


def _nothing(context: RunContext, units: list[Unit], plan: Plan) -> str:
    packing = context.config.packing
    if not units:
        return (
            f"{context.path}: no topic was accepted, so there is nothing to pack ({_why(context)}); select other categories "
            "(taxonomy.select) or lower packing.context_length"
        )
    if context.parts.recipe.mines and not plan.short_units:
        return (
            f"{context.path}: every document fills a sample of {packing.context_length:,} tokens by itself, and is never "
            "an anchor; raise packing.context_length"
        )
    best = max(plan.short_units.values(), default=0)
    if context.parts.recipe.unit == "corpus":
        what = "no document with its negatives fills" if context.parts.recipe.mines else "the corpus does not fill"
        return (
            f"{context.path}: {what} a sample of {packing.context_length:,} tokens (the best has {best:,}); lower "
            "packing.context_length or add documents"
        )
    return (
        f"{context.path}: none of {len(units)} topics fills a sample of {packing.context_length:,} tokens (the best has "
        f"{best:,}); lower packing.context_length or retrieve.floor, or add documents"
    )


def _why(context: RunContext) -> str:
    """The commonest reason for a rejection. It is said here because a refused run leaves no rejected.jsonl."""
    with (context.path / "rejected.jsonl").open("rb") as stream:
        reasons = Counter(orjson.loads(line)["reason"].partition(":")[0] for line in stream)
    if not reasons:
        return "none was proposed"
    reason, count = reasons.most_common(1)[0]
    return f"{reasons.total():,} rejected, {count:,} of them: {reason}"
