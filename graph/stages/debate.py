"""debate: the debate graph for every selected category, side by side, each in a durable thread of its own.

A finished debate is recorded and its checkpoints pruned; one that fails becomes a dead letter with its reason, and the
others go on. A few workers draw from one list, so memory does not grow with the number of categories.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import orjson
from langchain_core.runnables import RunnableConfig

from agents import messages
from agents.chat.secrets import redacted
from graph.context import RunContext
from graph.debate import CompiledDebate, DebateState, debate_of
from graph.outcomes import DeadLetter, DeadLettersError, Outcomes
from litelong import UsageError
from taxonomy import Category
from tools.files import content_hash, replacing

if TYPE_CHECKING:
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

SIDE_BY_SIDE = 8
"""Debates at a time without language models."""
DEBATES_PER_CALL = 2
"""Debates at a time for each call that may be in flight."""
EVENTS_PER_FILE = 1_000
"""Debates whose turns go to one `events-*.jsonl`."""


async def run(context: RunContext) -> None:
    """Debate what is not yet debated. Raises `UsageError` when categories failed and `allow_failed` is not given."""
    if context.run.stage("debate"):
        return
    outcomes = Outcomes(context.path / "debates" / "outcomes.sqlite")
    try:
        categories = context.parts.categories
        done = outcomes.done()
        if context.chats is not None:
            context.chats.replies.set_aside_unreadable([letter.category for letter in outcomes.dead()])
        with context.stage("debate", len(categories)) as tick:
            tick(len(done))
            await _debate_all(context, [c for c in categories if c.path not in done], outcomes, tick)
            _refuse_dead(context, outcomes)
            files = list(_write_events(context.path / "debates", outcomes, [c.path for c in categories]))
        dead = [{"category": d.category, "reason": d.reason} for d in outcomes.dead()]
    finally:
        outcomes.close()
    context.run.finish("debate", {"categories": len(categories), "failed": dead}, files)


@asynccontextmanager
async def checkpoints(path: Path) -> "AsyncIterator[AsyncSqliteSaver]":
    """The saver of debates under way. Only our own messages are ever unpacked from it."""
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    names = (
        "Accepted",
        "Brief",
        "Critique",
        "Defence",
        "Event",
        "Evidence",
        "Outcome",
        "Proposal",
        "Rejection",
        "Rules",
        "Verdict",
        "Withdrawal",
    )
    allowed = [(messages.__name__, name) for name in names]
    allowed += [("taxonomy.topics", name) for name in ("Topic", "Provenance")]
    async with AsyncSqliteSaver.from_conn_string(str(path)) as saver:
        saver.serde = JsonPlusSerializer(allowed_msgpack_modules=allowed)
        await saver.conn.execute("PRAGMA auto_vacuum=FULL")
        # A step is committed without waiting for the disk: a killed process loses none, and what a power cut takes is debated
        # again from the recorded replies, which do wait.
        await saver.conn.execute("PRAGMA synchronous=NORMAL")
        yield saver


def side_by_side(context: RunContext) -> int:
    """Debates at a time: enough of them to keep `debate.concurrency` calls in flight while others are between two."""
    if context.chats is None:
        return SIDE_BY_SIDE
    return max(SIDE_BY_SIDE, DEBATES_PER_CALL * context.config.debate.concurrency)


async def _debate_all(
    context: RunContext, pending: list[Category], outcomes: Outcomes, tick: Callable[[int], None]
) -> None:
    async with checkpoints(context.path / "checkpoints.sqlite") as saver:
        graph = debate_of(context, saver)
        queue = iter(pending)

        async def worker() -> None:
            for category in queue:
                await _debate_one(context, category, graph, saver, outcomes)
                tick(1)

        try:
            async with context.finishing_calls(), asyncio.TaskGroup() as group:
                for _ in range(min(side_by_side(context), len(pending))):
                    group.create_task(worker())
        except BaseExceptionGroup as failures:
            # One fault of the user is enough to say: the group around it would hide it from those who show it.
            faults, rest = failures.split(UsageError)
            if rest is not None or faults is None:
                raise
            raise faults.exceptions[0] from None
        await _prune(saver)


async def _prune(saver: "AsyncSqliteSaver") -> None:
    """Checkpoints of a debate that was recorded just before a kill: nobody asks for them again."""
    await saver.setup()
    rows = await saver.conn.execute_fetchall("SELECT thread_id FROM checkpoints UNION SELECT thread_id FROM writes")
    for (thread,) in rows:
        await saver.adelete_thread(thread)


async def _debate_one(
    context: RunContext,
    category: Category,
    graph: CompiledDebate,
    saver: "AsyncSqliteSaver",
    outcomes: Outcomes,
) -> None:
    thread = thread_id(context.config.run.name, category.path)
    config: RunnableConfig = {"configurable": {"thread_id": thread}}
    try:
        state = await _go_on(graph, category, config)
    except UsageError:
        raise
    except Exception as error:  # one category's failure never stops the others
        outcomes.fail(DeadLetter(category.path, redacted(f"{type(error).__name__}: {error}")[:500]))
    else:
        outcomes.record(state["outcome"])
    await saver.adelete_thread(thread)


async def _go_on(graph: CompiledDebate, category: Category, config: RunnableConfig) -> DebateState:
    """The final state of a debate: begun, taken up where it was killed, or read when only its record is missing."""
    left = await graph.aget_state(config)
    if left.values.get("outcome"):
        return cast(DebateState, left.values)
    # `next` is also empty where all tasks of a step had ended and the step's checkpoint was not yet written.
    begun = left.values or left.next or left.tasks
    given: DebateState | None = None if begun else {"category": category.path}
    return cast(DebateState, await graph.ainvoke(given, config, durability="sync"))


def thread_id(run: str, category: str) -> str:
    """The durable thread of one category's debate in one run."""
    return f"{run}/{content_hash(category).hex()}"


def _refuse_dead(context: RunContext, outcomes: Outcomes) -> None:
    dead = outcomes.dead()
    if dead and not context.allow_failed:
        several = f"{len(dead)} categories failed, the first" if len(dead) > 1 else "a category failed"
        raise DeadLettersError(
            f"{context.path}: {several}: {dead[0].category}: {dead[0].reason}; run again to retry, or "
            "with --allow-failed to go on without"
        )


def _write_events(folder: Path, outcomes: Outcomes, categories: list[str]) -> Iterator[Path]:
    """Turns of all debates in the taxonomy's order, `EVENTS_PER_FILE` debates a file."""
    for number, begin in enumerate(range(0, len(categories), EVENTS_PER_FILE)):
        path = folder / f"events-{number:05d}.jsonl"
        with replacing(path) as temporary, temporary.open("wb") as stream:
            for outcome in outcomes.read(categories[begin : begin + EVENTS_PER_FILE]):
                for event in outcome.events:
                    stream.write(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE))
        yield path
