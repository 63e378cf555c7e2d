"""Roles for litelong's debates, found by their entry points (`litelong.roles`) once this package is installed."""
