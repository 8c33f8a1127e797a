"""Every relation of every component: NumPy = CasADi SX = MX = lowered NumPy, finite with finite slopes, on random points and at the edges.

The table is :mod:`relation_table`; it is complete by test.
"""

import pytest
from backends import assert_backends_agree
from relation_table import RELATIONS
from relations import Relation, public_components, public_relations

EXEMPT = {
    "component.Component.outside": "words for reports, numbers only",
    "component.parameter": "declares a field",
    "chip.LeakyChip.require_stable": "check of numbers",
    "chiller_eir.EirChiller.from_energyplus": "reads data",
    "chiller_eir.EirChiller.delivered": "solver inside cool, takes a function",
    "exchange.Exchanger.effectiveness": "abstract",
    "ops.is_symbolic": "asks for the backend",
    "tower_cell.TowerCell.leave": "abstract",
}
"""Public functions that are no relations, and why."""
ABSTRACT = {"Exchanger"}
"""Public components that nobody builds as they are."""


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda r: f"{r.name}:{r.owner}" if r.owner else r.name)
def test_backends_agree(relation: Relation) -> None:
    assert_backends_agree(relation.call, *relation.samples())


def test_every_public_relation_is_in_the_table() -> None:
    listed, public = {r.name for r in RELATIONS}, set(public_relations())
    assert public - listed == EXEMPT.keys()
    assert listed <= public


def test_every_public_component_is_in_the_table() -> None:
    assert set(public_components()) - {r.owner for r in RELATIONS} == ABSTRACT
