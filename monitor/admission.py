"""Admission of operators: who may connect to which session, and where what they say is taken to."""

from collections.abc import Callable
from datetime import datetime

import structlog

from monitor import metrics
from monitor.operator.gateway import Admission as Admitted
from monitor.operator.gateway import ChannelObservation, Refusal
from monitor.pipeline import Pipeline
from protocols.channel.event import Happening
from protocols.session import OperatorId
from registry.error import RegistryError
from registry.registry import Registry
from registry.state import OperatorState

_log = structlog.get_logger()


class Admission:
    """Between the gateway and the pipelines: an operator of the roster comes in with a key that is enrolled."""

    def __init__(
        self, registry: Registry, pipeline: Callable[[str], Pipeline | None], clock: Callable[[], datetime]
    ) -> None:
        self._registry = registry
        self._pipeline = pipeline
        self._clock = clock

    async def admit(self, operator: str, session: str) -> Admitted | Refusal:
        """Whether ``operator`` may connect to ``session``; a refusal does not tell which of the two is wrong."""
        pipeline = self._pipeline(session)
        if pipeline is None or operator not in pipeline.session.operators:
            return Refusal()
        try:
            enrolled = await self._registry.operators.get(OperatorId(operator))
        except RegistryError as failure:
            _log.warning("operator.admission", session=session, because=str(failure))
            return Refusal()
        if enrolled.state is not OperatorState.ACTIVE or not enrolled.device_keys:
            return Refusal()
        return Admitted(device_keys=enrolled.device_keys, epoch=pipeline.session.epoch, zero=pipeline.zero)

    def feed(self, session: str, observation: ChannelObservation) -> None:
        """Take an observation to its session."""
        pipeline = self._pipeline(session)
        if pipeline is not None:
            pipeline.observe(observation)

    def note(self, session: str, happening: Happening) -> None:
        """Count and log what is no observation."""
        kind = type(happening).__name__
        metrics.HEARTBEATS.labels(outcome=kind).inc()
        _log.info("operator.channel", session=session, happening=kind)
