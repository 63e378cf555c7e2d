"""A guest with a node of its own in the debate graph: it looks topics up in the corpus before the critics speak."""

from collections.abc import Sequence

from agents import Brief, Candidate, Critique, Library, Seat, role

BEST = 20


class Librarian:
    """Advises the judge: are a topic's best documents among those of the category?"""

    def __init__(self, name: str, library: Library) -> None:
        self.name, self.library = name, library

    async def visit(
        self, brief: Brief, candidates: Sequence[Candidate], critiques: Sequence[Critique]
    ) -> list[Critique]:
        # Searching blocks, so it goes through the library's own threads.
        return await self.library.ask(self._advise, brief, candidates)

    def _advise(self, brief: Brief, candidates: Sequence[Candidate]) -> list[Critique]:
        own = set(self.library.category_documents(brief.category))
        said = []
        for candidate in candidates:
            best = self.library.topic(candidate.proposal.title, "").doc_ids[:BEST]
            here = sum(doc_id in own for doc_id in best)
            reason = f"{here} of its {len(best)} best documents are the category's"
            said.append(Critique(candidate.proposal.proposal_id, self.name, brief.round, here > 0, reason))
        return said


@role("librarian", kind="guest", after="evidence")
def librarian(seat: Seat, library: Library) -> Librarian:
    """Stands between `evidence` and `critique`."""
    return Librarian(seat.name, library)
