"""The roles that run on any chat model: `proposer`, `critic`, `judge`."""

from agents.chat_roles import critic, judge, proposer

__all__ = ["critic", "judge", "proposer"]
