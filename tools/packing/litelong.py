"""Recipe `litelong`: a topic's documents, best first, concatenated to exactly one context (arXiv 2509.15568, section 3.3)."""

from collections.abc import Iterator, Sequence

from tools.packing.line import Line, pack_line
from tools.packing.recipe import Settings, UnitKind, register_recipe
from tools.packing.tables import Plan, Tables, Unit, Usage


@register_recipe
class LiteLong:
    """Documents are chosen by rank among those still free; `order` only arranges the chosen ones.

    A topic uses a document once, however often the run may: its second sample would else repeat its first.
    """

    name = "litelong"
    unit: UnitKind = "topic"
    interleaved = False
    mines = False

    def plan(
        self, units: Sequence[Unit], tables: Tables, usage: Usage, settings: Settings, plan: Plan
    ) -> Iterator[Unit]:
        # What a topic leaves goes to the pool, where there is one, and is padded there.
        own = settings._replace(padding=settings.padding and settings.remainder == "unused")
        for unit in units:
            line = Line(unit, usage.free(unit.documents).nonzero()[0], tables, settings)
            count = settings.samples_per_topic
            pack_line(line, unit, usage, own, plan, recipe=self.name, prefix=unit.unit_id, digits=3, most=count)
            yield unit
