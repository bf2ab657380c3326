"""Many runs that wait, and what PostgreSQL reads for a worker that finds nothing due."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from ramet.sagas import claims


def claim_while_others_wait(run_id: str, waiting: int) -> dict[str, Any]:
    """Copy a waiting run `waiting` times, claim, and tell how many rows each query reads."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ramet_sagas_sagarun (id, name, version, key, state, status, direction,"
            " position, attempts, holder, epoch, error, wait, run_at)"
            " SELECT gen_random_uuid(), name, version, n::text, state, status, direction,"
            " position, 0, '', 1, '', wait, now() + n * interval '1 second' + interval '1 hour'"
            " FROM ramet_sagas_sagarun, generate_series(1, %s) n WHERE id = %s",
            [waiting, run_id],
        )
        cursor.execute("ANALYZE ramet_sagas_sagarun")
        with CaptureQueriesContext(connection) as captured:
            held = claims.claim("idle")
            claims.until_next()
        read = []
        for query in captured:
            if query["sql"].startswith("SELECT"):
                cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + query["sql"])
                read.append(_rows_read(cursor.fetchone()[0][0]["Plan"]))
    return {"took": held is not None, "read": read}


def _rows_read(plan: dict[str, Any]) -> int:
    own = int(plan["Actual Rows"]) + int(plan.get("Rows Removed by Filter", 0))
    return own + sum(map(_rows_read, plan.get("Plans", [])))
