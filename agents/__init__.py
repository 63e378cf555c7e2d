"""WHO: roles, panels, the messages of a debate, and what agents can look up."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agents.library import Library
    from agents.messages import (
        Brief,
        Candidate,
        Critique,
        Draft,
        Event,
        Evidence,
        Outcome,
        Proposal,
        Seat,
        Verdict,
        Withdrawal,
    )
    from agents.panel import Panel
    from agents.roles import Critic, Judge, Proposer, role

_WHERE = {
    "Brief": "agents.messages",
    "Candidate": "agents.messages",
    "Critic": "agents.roles",
    "Critique": "agents.messages",
    "Draft": "agents.messages",
    "Event": "agents.messages",
    "Evidence": "agents.messages",
    "Judge": "agents.roles",
    "Library": "agents.library",
    "Outcome": "agents.messages",
    "Panel": "agents.panel",
    "Proposal": "agents.messages",
    "Proposer": "agents.roles",
    "Seat": "agents.messages",
    "Verdict": "agents.messages",
    "Withdrawal": "agents.messages",
    "role": "agents.roles",
}

__all__ = [
    "Brief",
    "Candidate",
    "Critic",
    "Critique",
    "Draft",
    "Event",
    "Evidence",
    "Judge",
    "Library",
    "Outcome",
    "Panel",
    "Proposal",
    "Proposer",
    "Seat",
    "Verdict",
    "Withdrawal",
    "role",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever stands behind the name
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'agents' has no attribute '{name}'")
