"""A report as JSON: docs/reports.md tells what its fields mean."""

from dataclasses import asdict

import orjson

from proctor.cli.jsonl import JSON_VERSION
from proctor.cli.reports.report import Part, Report
from proctor.domain.json import JsonObject


def json(report: Report) -> str:
    """Write a report for programs, indented."""
    fields = {
        "v": JSON_VERSION,
        "kind": "report",
        "proctor": report.version,
        "name": report.name,
        "workflow": report.workflow,
        "agent": report.agent,
        "repository": report.repository,
        "base": report.base,
        "interpreter": report.interpreter,
        "created_at": report.created_at,
        **report.summary.to_json(),
        "components": [_component(part) for part in report.parts],
        "notices": report.notices,
        "strangers": [asdict(each) for each in report.strangers],
    }
    return orjson.dumps(fields, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _component(part: Part) -> JsonObject:
    return {
        **part.row.to_json(),
        "delivered": [asdict(each) for each in part.delivered],
        "dropped_tests": [asdict(each) for each in part.dropped],
    }
