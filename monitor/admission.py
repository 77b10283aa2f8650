"""Admission of operators: who may connect to which session, and where what they say is taken to."""

from collections.abc import Callable

import structlog

from monitor import metrics
from monitor.breaker import MassBreaker
from monitor.operator.entry import Admission as Admitted
from monitor.operator.entry import ChannelObservation, Refusal
from monitor.pipeline import Pipeline
from monitor.recollection import Recollection
from monitor.shifts import Shifts
from protocols.channel.event import HandedOver, Happening
from protocols.channel.violation import Closing
from protocols.observation import Presence
from protocols.session import FINAL, OperatorId, SessionId
from protocols.telemetry import TelemetryBatch
from registry.error import NotFound, RegistryError
from registry.registry import Registry
from registry.state import OperatorState

_log = structlog.get_logger()

_LATER = Refusal(code=Closing.UNAVAILABLE, message="the service is not ready for this session: try again")


class Admission:
    """Between the gateway and the pipelines: an operator of the roster comes in with a key that is enrolled."""

    def __init__(
        self,
        registry: Registry,
        pipeline: Callable[[str], Pipeline | None],
        shifts: Shifts,
        breaker: MassBreaker,
        recollection: Recollection,
    ) -> None:
        self._registry = registry
        self._pipeline = pipeline
        self._shifts = shifts
        self._breaker = breaker
        self._recollection = recollection

    async def admit(self, operator: str, session: str) -> Admitted | Refusal:
        """Whether ``operator`` may connect to ``session``; a refusal does not tell which of the two is wrong.

        Our own trouble is no refusal: whoever is told to come back is not punished for it.
        """
        pipeline = self._pipeline(session)
        if pipeline is None:
            return await self._unwatched(session)
        if operator not in pipeline.session.operators:
            return Refusal()
        try:
            enrolled = await self._registry.operators.get(OperatorId(operator))
            shift = await self._registry.shifts.open(SessionId(session), enrolled.id)
        except NotFound:
            return Refusal()
        except RegistryError as failure:
            _log.warning("operator.admission", session=session, because=str(failure))
            return _LATER
        keys = enrolled.device_keys if shift is None else (*enrolled.device_keys, shift.channel_key)
        if enrolled.state is not OperatorState.ACTIVE or not keys:
            return Refusal()
        return Admitted(
            device_keys=keys,
            epoch=pipeline.session.epoch,
            zero=pipeline.zero,
            break_budget=pipeline.policy.operator.break_budget_s,
            performance_budget=pipeline.policy.operator.performance_budget_s,
            sessions_at_once=pipeline.policy.operator.sessions_at_once,
        )

    async def _unwatched(self, session: str) -> Refusal:
        """What to tell who comes to a session without a pipeline: one that is open is only being taken up again."""
        try:
            found = await self._registry.sessions.get(SessionId(session))
        except NotFound:
            return Refusal()
        except RegistryError as failure:
            _log.warning("operator.admission", session=session, because=str(failure))
            return _LATER
        return Refusal() if found.state in FINAL else _LATER

    def feed(self, session: str, observation: ChannelObservation) -> None:
        """Take an observation to its session, who came or went to the shifts, and motion to what it may recall."""
        if isinstance(observation, Presence):
            self._shifts.heard(session, observation)
            self._breaker.heard(session, observation)
        elif isinstance(observation, TelemetryBatch):
            self._recollection.heard(session, observation)
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
