"""`litelong debate`: one category's debate, streamed turn by turn."""

from agents.messages import Event, Outcome
from graph import show
from graph.config import Config
from graph.debate import debate_of
from graph.parts import prepare
from graph.progress import Progress
from graph.running import blocking
from graph.studio import opened
from tools.report.text import safe


def stream_debate(config: Config, category: str, progress: Progress, *, as_json: bool) -> Outcome:
    """Debate `category` and print every turn as it happens. Raises `UsageError` for an unknown category."""
    parts = prepare(config)
    path = parts.taxonomy.category(category).path
    with opened(config, progress, parts=parts) as context:
        if not as_json:
            show.emit(f"{path}: {len(context.panel.seats)} agents, {context.target_tokens:,} tokens a topic to fill")

        async def follow() -> Outcome:
            outcome = Outcome(path)
            titles: dict[str, str] = {}
            async with context.finishing_calls():
                turns = debate_of(context).astream({"category": path}, stream_mode=["custom", "values"])
                async for mode, chunk in turns:
                    if mode == "custom" and isinstance(chunk, Event):
                        show.emit_json(chunk, lines=True) if as_json else show.show_event(chunk, titles)
                    elif isinstance(chunk, dict) and "outcome" in chunk:
                        outcome = chunk["outcome"]
            return outcome

        outcome = blocking(follow())
    if not as_json:
        show.emit(f"\naccepted {len(outcome.accepted)}, rejected {len(outcome.rejected)}")
        for accepted in outcome.accepted:
            evidence = accepted.evidence
            show.emit(
                f"  {safe(accepted.topic.title)}  ({evidence.documents:,} documents, about {evidence.tokens:,} tokens, "
                f"{evidence.on_category:.0%} on category)"
            )
    return outcome
