"""Which share of new traces is sampled, by the rule that every SDK of OpenTelemetry follows."""

import pytest
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

from ramet.telemetry.sampling import bound_of

IDS = [0, 1, 2**63 - 1, 2**63, 2**64 - 1, 0xABCD << 112, (0x1F << 64) | 2**60, 2**128 - 1]


@pytest.mark.parametrize("ratio", [0.0, 0.0001, 0.1, 0.5, 0.999, 1.0])
def test_an_id_is_of_the_share_that_other_sdks_say(ratio: float) -> None:
    edges = [min(max(0, round(ratio * 2**64) + step), 2**64 - 1) for step in (-1, 0, 1)]
    sampler = TraceIdRatioBased(ratio)
    for trace_id in [*IDS, *edges]:
        decided = sampler.should_sample(None, trace_id, "x").decision.is_sampled()
        assert (f"{trace_id:032x}"[16:] < bound_of(ratio)) == decided, hex(trace_id)
