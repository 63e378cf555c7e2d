"""Protocols: who speaks next, and what decides. Each is a small object that reads the table and changes nothing.

| name | turns |
|---|---|
| `litelong` | propose, criticise, judge (arXiv 2509.15568); with `rounds` above 1 also answers |
| `multi_round` | proposers answer critiques until nothing changes, a cap on rounds, or a cap on tokens; then judge |
| `vote` | propose, and critics vote |
| `single` | one model proposes, and that is that |
| `reflect` | every proposer's own model criticises its list |
"""

from agents.protocols.base import DebateError, Protocol, Step
from agents.protocols.litelong import LiteLong
from agents.protocols.multi_round import MultiRound
from agents.protocols.reflect import Reflect
from agents.protocols.single import Single
from agents.protocols.vote import Vote

PROTOCOLS: dict[str, Protocol] = {one.name: one for one in (LiteLong(), MultiRound(), Vote(), Single(), Reflect())}

__all__ = ["PROTOCOLS", "DebateError", "LiteLong", "MultiRound", "Protocol", "Reflect", "Single", "Step", "Vote"]
