"""The lexical panel: proposer, critic and judge that need no language model. The offline default."""

from agents.lexical.critic import LexicalCritic
from agents.lexical.judge import LexicalJudge
from agents.lexical.proposer import LexicalProposer
from agents.scoring import Thresholds

__all__ = ["LexicalCritic", "LexicalJudge", "LexicalProposer", "Thresholds"]
