"""Fills ClickHouse with what the recorder wrote into files, as the collector's exporter would, and asks the questions.

usage: clickhouse.py FOLDER_OF_OTLP_JSON FOLDER_OF_SQL; prints JSON: the rows of each question by its name.
"""

import datetime
import json
import pathlib
import sys

from chdb import session

KINDS = {1: "Internal", 2: "Server", 3: "Client", 4: "Producer", 5: "Consumer"}
STATUSES = {0: "Unset", 1: "Ok", 2: "Error"}


def plain(value):
    """A value of an attribute as the exporter's maps have it: a text."""
    [(kind, inner)] = value.items()
    if kind == "boolValue":
        return "true" if inner else "false"
    if kind == "arrayValue":
        return json.dumps([plain(item) for item in inner.get("values", [])])
    return str(inner)


def attributes(of):
    return {pair["key"]: plain(pair["value"]) for pair in (of or {}).get("attributes", [])}


def lines(folder, signal):
    file = folder / f"{signal}.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def scopes(folder, signal, name, scoped, items):
    """Every item, with the columns that its resource and its scope give it."""
    for message in lines(folder, signal):
        for resource in message.get(name, []):
            resource_attributes = attributes(resource.get("resource"))
            for scope in resource.get(scoped, []):
                columns = {
                    "ServiceName": resource_attributes.get("service.name", ""),
                    "ResourceAttributes": resource_attributes,
                    "ScopeName": scope.get("scope", {}).get("name", ""),
                    "ScopeVersion": scope.get("scope", {}).get("version", ""),
                }
                for item in scope.get(items, []):
                    yield columns, item


def time(nanos):
    nanos = int(nanos or 0)
    seconds = datetime.datetime.fromtimestamp(nanos // 10**9, datetime.UTC)
    return f"{seconds:%Y-%m-%d %H:%M:%S}.{nanos % 10**9:09}"


def spans(folder):
    for columns, span in scopes(folder, "traces", "resourceSpans", "scopeSpans", "spans"):
        events, links = span.get("events", []), span.get("links", [])
        yield columns | {
            "Timestamp": time(span["startTimeUnixNano"]),
            "TraceId": span["traceId"],
            "SpanId": span["spanId"],
            "ParentSpanId": span.get("parentSpanId", ""),
            "SpanName": span["name"],
            "SpanKind": KINDS[span["kind"]],
            "SpanAttributes": attributes(span),
            "Duration": int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"]),
            "StatusCode": STATUSES[(span.get("status") or {}).get("code", 0)],
            "Events.Timestamp": [time(event["timeUnixNano"]) for event in events],
            "Events.Name": [event["name"] for event in events],
            "Events.Attributes": [attributes(event) for event in events],
            "Links.TraceId": [link["traceId"] for link in links],
            "Links.SpanId": [link["spanId"] for link in links],
            "Links.TraceState": ["" for _ in links],
            "Links.Attributes": [attributes(link) for link in links],
        }


def records(folder):
    for columns, record in scopes(folder, "logs", "resourceLogs", "scopeLogs", "logRecords"):
        yield columns | {
            "Timestamp": time(record.get("timeUnixNano") or record.get("observedTimeUnixNano")),
            "TraceId": record.get("traceId", ""),
            "SpanId": record.get("spanId", ""),
            "SeverityText": record.get("severityText", ""),
            "SeverityNumber": record.get("severityNumber", 0),
            "Body": plain(record["body"]) if record.get("body") else "",
            "LogAttributes": attributes(record),
            "EventName": record.get("eventName", ""),
        }


def points(folder, kind):
    for columns, metric in scopes(folder, "metrics", "resourceMetrics", "scopeMetrics", "metrics"):
        for point in metric.get(kind, {}).get("dataPoints", []):
            row = columns | {
                "MetricName": metric["name"],
                "MetricDescription": metric.get("description", ""),
                "MetricUnit": metric.get("unit", ""),
                "Attributes": attributes(point),
                "StartTimeUnix": time(point.get("startTimeUnixNano")),
                "TimeUnix": time(point["timeUnixNano"]),
            }
            if kind == "histogram":
                yield row | {
                    "Count": int(point["count"]),
                    "Sum": point.get("sum", 0),
                    "BucketCounts": [int(count) for count in point.get("bucketCounts", [])],
                    "ExplicitBounds": point.get("explicitBounds", []),
                    "AggregationTemporality": metric[kind]["aggregationTemporality"],
                }
                continue
            row["Value"] = float(point.get("asDouble", point.get("asInt", 0)))
            if kind == "sum":
                row["AggregationTemporality"] = metric[kind]["aggregationTemporality"]
                row["IsMonotonic"] = metric[kind].get("isMonotonic", False)
            yield row


def statements(file):
    return [statement for statement in file.read_text().split(";\n") if statement.strip()]


def main():
    folder, sql = map(pathlib.Path, sys.argv[1:])
    database = session.Session()
    database.query("CREATE DATABASE fleet ENGINE = Atomic")
    database.query("USE fleet")
    for name in ["tables.sql", "views.sql"]:
        for statement in statements(sql / name):
            database.query(statement)
    # Each row arrives twice, as after an answer that was lost.
    tables = {
        "otel_traces": [*spans(folder), *spans(folder)],
        "otel_logs": list(records(folder)),
        "otel_metrics_sum": list(points(folder, "sum")),
        "otel_metrics_gauge": list(points(folder, "gauge")),
        "otel_metrics_histogram": list(points(folder, "histogram")),
        "people": [{"person": "Ada Byron", "team": "payments"}, {"person": "Grace Hopper", "team": "search"}],
    }
    for table, rows in tables.items():
        body = "\n".join(json.dumps(row) for row in rows)
        database.query(f"INSERT INTO {table} FORMAT JSONEachRow {body}")
    answers = {"rows": {table: len(rows) for table, rows in tables.items()}}
    for file in sorted((sql / "questions").glob("*.sql")):
        [question] = statements(file)
        answer = str(database.query(question, "JSONEachRow"))
        answers[file.stem] = [json.loads(row) for row in answer.splitlines()]
    print(json.dumps(answers))


main()
