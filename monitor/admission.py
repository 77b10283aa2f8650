"""Admission of operators: who may connect to which session, and where what they say is taken to."""

from collections.abc import Callable

import structlog

from monitor import metrics
from monitor.breaker import MassBreaker
from monitor.operator.entry import Admission as Admitted
from monitor.operator.entry import ChannelObservation, Refusal
from monitor.pipeline import Pipeline
from monitor.shifts import Shifts
from protocols.channel.event import HandedOver, Happening
from protocols.observation import Presence
from protocols.session import OperatorId, SessionId
from registry.error import RegistryError
from registry.registry import Registry
from registry.state import OperatorState

_log = structlog.get_logger()


class Admission:
    """Between the gateway and the pipelines: an operator of the roster comes in with a key that is enrolled."""

    def __init__(
        self, registry: Registry, pipeline: Callable[[str], Pipeline | None], shifts: Shifts, breaker: MassBreaker
    ) -> None:
        self._registry = registry
        self._pipeline = pipeline
        self._shifts = shifts
        self._breaker = breaker

    async def admit(self, operator: str, session: str) -> Admitted | Refusal:
        """Whether ``operator`` may connect to ``session``; a refusal does not tell which of the two is wrong."""
        pipeline = self._pipeline(session)
        if pipeline is None or operator not in pipeline.session.operators:
            return Refusal()
        try:
            enrolled = await self._registry.operators.get(OperatorId(operator))
            shift = await self._registry.shifts.open(SessionId(session), enrolled.id)
        except RegistryError as failure:
            _log.warning("operator.admission", session=session, because=str(failure))
            return Refusal()
        keys = enrolled.device_keys if shift is None else (*enrolled.device_keys, shift.channel_key)
        if enrolled.state is not OperatorState.ACTIVE or not keys:
            return Refusal()
        return Admitted(
            device_keys=keys,
            epoch=pipeline.session.epoch,
            zero=pipeline.zero,
            break_budget=pipeline.policy.operator.break_budget_s,
            performance_budget=pipeline.policy.operator.performance_budget_s,
        )

    def feed(self, session: str, observation: ChannelObservation) -> None:
        """Take an observation to its session, and who came or went to the shifts."""
        if isinstance(observation, Presence):
            self._shifts.heard(session, observation)
            self._breaker.heard(session, observation)
        pipeline = self._pipeline(session)
        if pipeline is not None:
            pipeline.observe(observation)

    def note(self, session: str, happening: Happening) -> None:
        """Count and log what is no observation; a handover goes on record."""
        if isinstance(happening, HandedOver):
            self._shifts.heard(session, happening)
        kind = type(happening).__name__
        metrics.HEARTBEATS.labels(outcome=kind).inc()
        _log.info("operator.channel", session=session, happening=kind)
