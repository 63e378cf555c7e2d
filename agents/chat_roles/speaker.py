"""What all chat roles share: a seat's model and prompt, asking it, and letting it search the corpus before it answers."""

from collections.abc import Mapping
from typing import Any

from agents.chat import Ask
from agents.chat.call import T
from agents.chat_roles.replies import Queries
from agents.chat_roles.rows import LONGEST_TITLE, Value, json_text, lines, titles
from agents.library import Library
from agents.messages import Brief, Seat
from agents.noting import UnreadableError, notes
from agents.prompts import fill, load_prompt
from tools.search.langchain import FoundDocument, search_tool

LOOKUPS, QUERIES, HITS = 2, 6, 8
"""An agent with tools may ask so many times, so many queries each, and sees so many documents of each."""


class Speaker:
    """An agent's voice: one model, one prompt."""

    def __init__(self, seat: Seat, library: Library, prompt: str) -> None:
        """`prompt` is the name of the role's own. Raises `UsageError` for a prompt or model that cannot be used."""
        self.seat = seat
        self.library = library
        self.model = library.chat(seat)
        self.parts = load_prompt(prompt, seat.prompt, f"{seat.name}.prompt")

    async def ask(
        self, brief: Brief, step: str, part: str, schema: type[T], values: Mapping[str, str], *, may_search: bool = True
    ) -> T:
        """Fill the prompt's `part` and ask. Raises `UnreadableError` where the reply cannot be read, and `ModelError`."""
        common = {"category": json_text(brief.category), "avoid": titles(brief.avoid), "keep": str(brief.rules.keep)}
        user = fill(self.parts[part], {**common, **values})
        if self.seat.tools and may_search:
            user += await self._look_up(brief, step, user)
        return await self._ask(brief, step, user, schema)

    async def _ask(self, brief: Brief, step: str, user: str, schema: type[T]) -> T:
        system = fill(self.parts["system"], {"category": json_text(brief.category)})
        ask = Ask(self.seat, brief.category, brief.round, step, system, user, schema)
        reply = await self.model.ask(ask)
        if reply.value is None:
            raise UnreadableError(reply.problem or "the reply could not be read")
        return reply.value

    async def _look_up(self, brief: Brief, step: str, task: str) -> str:
        """Let the model search a few times; what it found, to stand below the question. Bounded by `LOOKUPS`."""
        found: dict[str, list[FoundDocument]] = {}
        for number in range(1, LOOKUPS + 1):
            user = fill(self.parts["lookup"], {"task": task + _found(found), "queries": str(QUERIES)})
            try:
                reply = await self._ask(brief, f"{step}-lookup-{number}", user, Queries)
            except UnreadableError:
                # It can answer without having searched; the failed attempt is in the turn's problems.
                notes().counts["unread lookups"] += 1
                break
            wanted = [query.strip()[:LONGEST_TITLE] for query in reply.queries if query.strip()]
            fresh = [query for query in dict.fromkeys(wanted) if query not in found][:QUERIES]
            if not fresh:
                break
            for query in fresh:
                found[query] = await self._search(query)
                notes().lookups.append((query, len(found[query])))
        return _found(found)

    async def _search(self, query: str) -> list[FoundDocument]:
        tool = search_tool(self.library.index, self.library.shelf)
        # Through the library's threads, as all that blocks.
        result: Any = await self.library.ask(tool.invoke, {"query": query, "k": HITS})
        return list(result)


def _found(found: Mapping[str, list[FoundDocument]]) -> str:
    if not found:
        return ""
    rows: list[Mapping[str, Value]] = [
        {"query": query, "titles": [hit["title"][:LONGEST_TITLE] for hit in hits]} for query, hits in found.items()
    ]
    return f"\n\nWhat your searches of the collection found, best first, one JSON line a query:\n{lines(rows)}"
