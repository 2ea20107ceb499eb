"""Reports of a run that failed."""

import asyncio
import json
from pathlib import Path
from xml.etree import ElementTree as ET

from projects import Project

from proctor.app import open_app
from proctor.cli.reports.report import write_reports
from proctor.config import load


def test_a_run_that_failed_has_its_reports_too(project: Project, tmp_path: Path) -> None:
    project.write({"shop/__init__.py": "raise RuntimeError('broken </x> @team')\n"})
    project.commit()
    run = project.proctor("run", "shop", "--json")
    assert run.code == 1
    session = json.loads(run.out.splitlines()[0])["session"]
    files = [tmp_path / "r.md", tmp_path / "r.xml", tmp_path / "r.json"]

    async def write() -> list[str]:
        async with open_app(load(database=f"sqlite:///{project.home}/proctor.db", cache=tmp_path / "cache")) as app:
            return await write_reports(app, session, [tmp_path / "missing/r.md", *files])

    assert asyncio.run(write()) == [f"the report {tmp_path}/missing/r.md cannot be written: No such file or directory"]
    assert "the session is **failed**" in files[0].read_text()
    assert [case.get("name") for case in ET.parse(files[1]).iter("testcase")] == ["landing"]  # noqa: S314
    assert json.loads(files[2].read_text())["status"] == "failed"
