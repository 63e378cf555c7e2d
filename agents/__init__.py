"""WHO: roles, panels, the messages of a debate, and what agents can look up."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agents.library import Library
    from agents.messages import (
        Answer,
        Brief,
        Candidate,
        Critique,
        Defence,
        Draft,
        Event,
        Evidence,
        Outcome,
        Proposal,
        Revision,
        Rules,
        Seat,
        Verdict,
        Withdrawal,
    )
    from agents.panel import Panel
    from agents.roles import Critic, Guest, Judge, Proposer, role

_WHERE = {
    "Answer": "agents.messages",
    "Brief": "agents.messages",
    "Candidate": "agents.messages",
    "Critic": "agents.roles",
    "Critique": "agents.messages",
    "Defence": "agents.messages",
    "Draft": "agents.messages",
    "Event": "agents.messages",
    "Evidence": "agents.messages",
    "Guest": "agents.roles",
    "Judge": "agents.roles",
    "Library": "agents.library",
    "Outcome": "agents.messages",
    "Panel": "agents.panel",
    "Proposal": "agents.messages",
    "Proposer": "agents.roles",
    "Revision": "agents.messages",
    "Rules": "agents.messages",
    "Seat": "agents.messages",
    "Verdict": "agents.messages",
    "Withdrawal": "agents.messages",
    "role": "agents.roles",
}

__all__ = [
    "Answer",
    "Brief",
    "Candidate",
    "Critic",
    "Critique",
    "Defence",
    "Draft",
    "Event",
    "Evidence",
    "Guest",
    "Judge",
    "Library",
    "Outcome",
    "Panel",
    "Proposal",
    "Proposer",
    "Revision",
    "Rules",
    "Seat",
    "Verdict",
    "Withdrawal",
    "role",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever stands behind the name
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'agents' has no attribute '{name}'")
