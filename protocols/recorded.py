"""A verdict read back from its document, as it stands in the ledger, in a case and in an evidence pack."""

from collections.abc import Mapping
from typing import Any

from protocols.evidence import Evidence, Finding, RuleName
from protocols.verdict import Driver, Verdict


def verdict_of(document: Mapping[str, Any]) -> Verdict:
    """The verdict that ``Verdict.document`` told of. Raises ValueError for what is none."""
    try:
        return Verdict(
            at=float(document["at"]),
            driver=Driver(document["driver"]),
            p_human=float(document["p_human"]),
            log_odds=float(document["log_odds"]),
            prior=float(document["prior"]),
            findings=tuple((RuleName(rule), Finding(found)) for rule, found in document["findings"].items()),
            evidence=tuple(_evidence(one) for one in document["evidence"]),
            policy=str(document["policy"]),
            cause=None if document["cause"] is None else RuleName(document["cause"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"this is no verdict: {error}") from error


def _evidence(one: Mapping[str, Any]) -> Evidence:
    return Evidence(
        rule=RuleName(one["rule"]),
        start=float(one["start"]),
        end=float(one["end"]),
        weight=float(one["weight"]),
        facts=tuple((str(name), value) for name, value in one["facts"].items()),
    )
