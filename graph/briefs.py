"""What a debate is told: the category, how many topics are wanted, which categories it must leave alone."""

from agents.messages import Brief
from graph.config import Config
from graph.config_sections import TaxonomySection
from taxonomy import Choice, Taxonomy


def choice_of(section: TaxonomySection, seed: int) -> Choice:
    """The configuration's choice of categories; `seed` draws the sample."""
    return Choice(
        section.select,
        section.exclude,
        section.preset,
        section.kind,
        section.depth,
        section.sample,
        section.limit,
        seed,
    )


def brief_of(config: Config, taxonomy: Taxonomy, name: str) -> Brief:
    """The brief of a category (path or code). Topics asked for are twice the expansion factor (arXiv 2509.15568).

    The factor is `taxonomy.expansion_factor` where it names the category, else `debate.expansion_factor` where that is a
    number, else by the size of the category's subtree. To avoid: a leaf's siblings; the children of an inner category,
    whose own topics are the general ones.
    """
    category = taxonomy.category(name)
    overrides, default = config.taxonomy.expansion_factor, config.debate.expansion_factor
    if default != "auto":
        overrides = {"**": default, **overrides}
    wanted = 2 * taxonomy.expansion_factor(category, overrides)
    return Brief(category.path, category.name, wanted, tuple(c.name for c in taxonomy.avoid(category)), 1)
