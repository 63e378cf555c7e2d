"""The roles that run on any chat model: `proposer`, `critic`, `judge`, and `reflect`, the critic of the protocol of that name."""

from agents.chat_roles.critic import ChatCritic
from agents.chat_roles.judge import ChatJudge
from agents.chat_roles.proposer import ChatProposer
from agents.chat_roles.speaker import Speaker

__all__ = ["ChatCritic", "ChatJudge", "ChatProposer", "Speaker"]
