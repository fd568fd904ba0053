"""Databases of the local server with a given number of executions."""

import sqlite3
from contextlib import closing

from ai_spine.local.store.schema import SCHEMA
from ai_spine.local.store.store import Store

RARE_FLOW, COMMON_FLOW = "rare", "common"
RARE_STATUS = "cancelled"
_EXECUTIONS = """
WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ?)
INSERT INTO executions (execution_id, flow_id, status, input_data, output_data, metadata,
    created_at, updated_at, completed_at, seconds)
SELECT lower(substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-' || substr(h, 13, 4) || '-'
        || substr(h, 17, 4) || '-' || substr(h, 21)),
    CASE WHEN n % 1000 = 7 THEN 'rare' ELSE 'common' END,
    CASE WHEN n % 1000 = 8 THEN 'cancelled' WHEN n % 40 = 9 THEN 'failed' ELSE 'completed' END,
    '{"name": "Ana", "income": 52000, "amount": 15000}',
    '{"decision": {"decision": "approved", "score": 712.5}}', '{}',
    '2026-11-20T10:50:42.123456', '2026-11-20T10:50:43.123456',
    '2026-11-20T10:50:43.123456', 1.0
FROM (SELECT n, hex(randomblob(16)) AS h FROM counted)
"""
_RESULTS = """
INSERT INTO node_results SELECT 'n' || number, execution_id, 'pause', 'pause', 'completed',
    input_data, output_data, NULL, created_at, updated_at, completed_at, 50, NULL
FROM executions
"""


def fill(path: str, count: int) -> None:
    """Create a database with so many executions, each with the result of one node."""
    Store(path).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(SCHEMA)
        db.execute(_EXECUTIONS, (count,))
        db.execute(_RESULTS)
