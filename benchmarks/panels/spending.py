"""What a panel of language models costs, and how far it can be trusted: read from the debates' own records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.chat.settings import ModelSettings
from agents.explore import Rate, cost, order_consistency
from agents.messages import Outcome


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens and money for each accepted topic (None: nothing was accepted, or no price is known), and what went wrong.

    `order`: verdicts that were the same in both orders, None unless judged twice. `unread`: turns that could not be read.
    `dead`: debates that came to nothing because none of those who decide could be read.
    """

    tokens: int
    tokens_per_topic: float | None
    cost_per_topic: float | None
    order: Rate | None
    unread: Rate
    dead: int


def spent(outcomes: Sequence[Outcome], prices: Mapping[str, ModelSettings], dead: int) -> Spent:
    """The account of a panel's debates. `prices` are by model string (`debate.models`)."""
    total = cost(outcomes)
    turns = [event for outcome in outcomes for event in outcome.events]
    money = sum(prices[t.model].cost(t.prompt_tokens, t.reply_tokens) for t in turns if t.model in prices)
    known = any(p.price_in is not None or p.price_out is not None for p in prices.values())
    return Spent(
        total.tokens,
        total.per_topic if total.accepted else None,
        money / total.accepted if known and total.accepted else None,
        order_consistency(outcomes),
        Rate(sum(turn.problem is not None for turn in turns), len(turns)),
        dead,
    )
