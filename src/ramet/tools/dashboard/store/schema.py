"""The tables. A change raises `VERSION`: a file of another version is set aside, not converted.

Telemetry is worth little tomorrow, so there are no migrations. Ids are bytes, times nanoseconds
since the epoch, attributes JSON text.
"""

from __future__ import annotations

from ramet.tools.dashboard.store.records import SpanRecord

__all__ = ["APPLICATION", "INSERT_SPAN", "SPAN_COLUMNS", "TABLES", "VERSION"]

APPLICATION = 0x72616D65
"""`rame`: SQLite's application id, by which the file is known to be ours."""
VERSION = 3

TABLES = """
CREATE TABLE resources (
    id INTEGER PRIMARY KEY,
    attributes TEXT NOT NULL UNIQUE
);

CREATE TABLE services (
    name TEXT PRIMARY KEY,
    last INTEGER NOT NULL -- minute in which it was last heard of
) WITHOUT ROWID;

-- What lists of traces need. `id` is the order of arrival, by which the oldest are dropped.
CREATE TABLE traces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    trace_id BLOB NOT NULL UNIQUE,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    rooted INTEGER NOT NULL,
    root_start INTEGER NOT NULL,
    service TEXT NOT NULL,
    named INTEGER NOT NULL,
    named_at INTEGER NOT NULL,
    operation TEXT NOT NULL,
    user TEXT
);
CREATE INDEX traces_first ON traces (first);

CREATE TABLE spans (
    id INTEGER PRIMARY KEY,
    trace_id BLOB NOT NULL,
    span_id BLOB NOT NULL,
    parent_id BLOB,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    kind INTEGER NOT NULL,
    start INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    status INTEGER NOT NULL,
    message TEXT,
    peer_kind TEXT,
    peer TEXT,
    place TEXT,
    user TEXT,
    weight REAL NOT NULL,
    attributes TEXT NOT NULL,
    events TEXT,
    links TEXT,
    resource INTEGER NOT NULL
);
CREATE UNIQUE INDEX spans_ids ON spans (trace_id, span_id);

-- What the spans of a trace say, as 32 bits of it: see `facts`.
CREATE TABLE facts (
    bits INTEGER NOT NULL,
    trace INTEGER NOT NULL,
    PRIMARY KEY (bits, trace)
) WITHOUT ROWID;

CREATE TABLE logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    service TEXT NOT NULL,
    severity INTEGER NOT NULL,
    body TEXT NOT NULL,
    trace_id BLOB,
    span_id BLOB,
    attributes TEXT NOT NULL,
    resource INTEGER NOT NULL
);
CREATE INDEX logs_trace ON logs (trace_id) WHERE trace_id IS NOT NULL;

CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    cumulative INTEGER NOT NULL,
    unit TEXT NOT NULL,
    description TEXT NOT NULL,
    attributes TEXT NOT NULL,
    resource INTEGER NOT NULL,
    UNIQUE (name, service, attributes, resource, kind, cumulative, unit, description)
);
CREATE TABLE points (
    series INTEGER NOT NULL,
    time INTEGER NOT NULL,
    value REAL NOT NULL,
    number INTEGER,
    buckets TEXT,
    PRIMARY KEY (series, time)
) WITHOUT ROWID;
CREATE INDEX points_time ON points (time);

-- Figures by minute, counted when a span arrives: a page that shows hours reads no spans.
CREATE TABLE operation_minutes (
    minute INTEGER NOT NULL,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    kind INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    calls REAL NOT NULL,
    errors REAL NOT NULL,
    total REAL NOT NULL,
    PRIMARY KEY (minute, service, name, kind, bucket)
) WITHOUT ROWID;
CREATE TABLE edge_minutes (
    minute INTEGER NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    calls REAL NOT NULL,
    errors REAL NOT NULL,
    total REAL NOT NULL,
    example BLOB,
    failed BLOB,
    PRIMARY KEY (minute, source, target, bucket)
) WITHOUT ROWID;

CREATE TABLE losses (
    signal TEXT NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (signal, reason)
) WITHOUT ROWID;
"""

SPAN_COLUMNS = ", ".join(SpanRecord._fields)
INSERT_SPAN = (
    f"INSERT INTO spans ({SPAN_COLUMNS}) VALUES ({', '.join('?' * len(SpanRecord._fields))})"  # noqa: S608
)
