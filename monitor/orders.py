"""Orders of people to cut: written before they are taken, so that a restart in between loses none."""

from dataclasses import dataclass
from typing import Any

from monitor.journal import Journal
from protocols.backend import EventType
from protocols.evidence import RuleName
from protocols.measure import Measure, MeasureKind
from protocols.session import Session
from registry.registry import Registry
from registry.state import CutState


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOrder:
    """A person's order to cut: for which rule, how, and why in their words."""

    rule: RuleName
    measure: Measure
    because: str


class Orders:
    """The orders of one service."""

    def __init__(self, registry: Registry, journal: Journal) -> None:
        self._registry = registry
        self._journal = journal

    async def write(self, session: Session, order: CutOrder) -> None:
        """Enter an order in the ledger. Raises LedgerFailure."""
        measure = order.measure
        data = {
            "rule": order.rule.value,
            "measure": measure.kind.value,
            "seconds": measure.seconds,
            "by": measure.by,
            "because": order.because,
        }
        await self._journal.note(session, EventType.CUT_ORDERED, data)

    async def open(self, session: Session) -> CutOrder | None:
        """The first order that was given about a session and that no cut has carried out; None where there is none."""
        entries = await self._registry.ledger.read(kind=EventType.CUT_ORDERED.value, session=session.id, limit=1)
        if not entries:
            return None
        cuts = (await self._registry.cuts.list(session=session.id)).items
        return _order(entries[0].content) if all(cut.state is CutState.FAILED for cut in cuts) else None


def _order(content: dict[str, Any]) -> CutOrder:
    measure = Measure(kind=MeasureKind(content["measure"]), seconds=content["seconds"], by=content["by"])
    return CutOrder(rule=RuleName(content["rule"]), measure=measure, because=content["because"])
