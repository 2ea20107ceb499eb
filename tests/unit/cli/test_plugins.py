"""`proctor plugins`, with distributions of strangers on the import path."""

import json
import os
import pty
import signal
import subprocess
import sys
from textwrap import dedent

import pytest
from click.testing import CliRunner

from proctor import __version__
from proctor.cli.group import proctor as group

STEP = """
    from pydantic import BaseModel, Field
    from proctor import CHECK, Command, Outcome, Step, Wrapper

    class Options(BaseModel):
        lines: int = Field(20, description="How long a test may be.")

    class Length(Step):
        '''Refuses tests that are too long.

        Nobody reads them.
        '''
        name = "{name}"
        workflow = "component_testing"
        {place}
        transitions = CHECK
        Options = Options
        async def get_command(self, scope, session, options):
            return Command("none")
        async def handle_result(self, scope, session, result, options):
            return Outcome(result)
"""
FLOW = STEP.replace('workflow = "component_testing"', 'workflow = "flow"').replace("        transitions = CHECK\n", "")
FLOW += """
    from proctor import Workflow

    FLOW = Workflow("flow", ("ask",))
"""
SCHEMA = '"How long.", json_schema_extra=lambda schema: exit(3)'
LENGTH = "component_testing.check_length"


@pytest.fixture
def site(tmp_path, monkeypatch, clean):
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    clean.setenv("PROCTOR_CONFIG", os.devnull)
    clean.chdir(tmp_path)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def install(site):
    def lay_out(distribution="acme-length", name="check_length", place='after = "run_tests"', source=STEP):
        module = distribution.replace("-", "_")
        info = site / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[proctor.steps]\ncomponent_testing.{name} = {module}:Length\n")
        (site / f"{module}.py").write_text(dedent(source).format(name=name, place=place))

    return lay_out


def plugins(*arguments, **more):
    return CliRunner().invoke(group, ["plugins", *arguments], **more)


def words(text):
    return " ".join(text.split())


def widest(done):
    return max(map(len, done.stdout.splitlines()))


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


class TestList:
    def test_nothing_is_imported(self, install):
        install(source="raise SystemExit('never')")
        done = plugins("list")
        assert done.exit_code == 0
        at = (lines := done.stdout.splitlines()).index("steps of component_testing")
        assert lines[at + 1].split() == ["check_coverage", "proctor", __version__]
        assert [line.split() for line in lines if "acme" in line] == [["check_length", "acme-length", "1.0"]]

    def test_once_loaded_it_is_known_where_steps_stand_and_which_are_broken(self, install):
        install()
        install("acme-broken", "check_broken", source="import nothing_of_that_name")
        done = plugins("list", "--check")
        assert done.exit_code == 1
        assert "  check_length     acme-length 1.0  after run_tests\n" in done.stdout
        assert "broken  steps:component_testing.check_broken: it raised ModuleNotFoundError: No" in done.stdout
        told = {line["name"]: line for line in lines(plugins("list", "--check", "--json"))}
        assert (told[LENGTH]["place"], told["builtin"]["place"]) == ("after run_tests", None)

    @pytest.mark.parametrize(
        ("places", "reason"),
        [
            (['after = "nowhere"'], "wants to stand after nowhere"),
            (['after, before = "run_tests", "finalize"'], "names two anchors"),
            (['replaces = "run_tests"', 'replaces = "run_tests"'], "is replaced twice"),
        ],
    )
    def test_a_workflow_that_could_not_be_run_is_told(self, install, places, reason):
        for number, place in enumerate(places):
            install(f"acme-{number}", f"check_{'ab'[number]}", place)
        done = plugins("list", "--check")
        assert done.exit_code == 1
        assert "broken workflows:component_testing, workflows:context_testing: " in words(done.stdout)
        assert words(done.stdout).count(reason) == 1
        assert "All of them load" not in done.stdout

    def test_all_that_do_not_get_on_are_told_each_once(self, install):
        install("acme-one", "twice")
        install("acme-other", "twice")
        install("acme-lost", "lost", 'after = "nowhere"')
        install("acme-leaning", "leaning", 'after = "lost"')
        install("acme-ring", "ring", 'after = "circle"')
        install("acme-circle", "circle", 'after = "ring"')
        install("acme-here", "here", 'replaces = "run_tests"')
        install("acme-there", "there", 'replaces = "run_tests"')
        told = words(plugins("list", "--check").stdout)
        workflows = "broken workflows:component_testing, workflows:context_testing: "
        for reason in (
            "steps:component_testing.twice: component_testing.twice is registered more than once",
            f"{workflows}The step lost of acme-lost wants to stand after nowhere",
            f"{workflows}The steps circle, ring of acme-circle, acme-ring are anchored in a circle",
            f"{workflows}The step run_tests of component_testing is replaced twice",
        ):
            assert told.count(reason) == 1, told
        assert told.count("broken ") == 4

    @pytest.mark.parametrize("text", [b"[proctor.steps]\ngarbage without equals\n", b"[proctor.steps]\n\xff = x:y\n"])
    def test_what_pydantic_could_not_read_stops_nothing(self, site, text):
        folder = site / "bad-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: bad\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_bytes(text)
        command = [sys.executable, "-m", "proctor", "plugins", "list", "--check"]
        environment = {name: value for name, value in os.environ.items() if name != "PYDANTIC_DISABLE_PLUGINS"}
        done = subprocess.run(
            command,
            env={**environment, "PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")

    def test_a_row_that_is_too_long_is_folded_between_words(self, install):
        name, distribution = "check_" + "long_" * 10 + "name", "acme-" + "long-" * 5 + "name"
        install(distribution, name)
        done = plugins("list", "--check")
        assert f"  {name}\n    {distribution} 1.0" in done.stdout
        assert widest(done) <= 80

    def test_a_reason_is_folded_between_words(self, install):
        install(source="raise ValueError('of many words ' * 20)")
        done = plugins("list", "--check")
        assert "of many words " * 19 in words(done.stdout)
        assert widest(done) <= 80

    def test_a_word_that_is_wider_than_the_terminal_stays_whole(self, install):
        install(source="raise ValueError('a word: ' + 'x' * 100)")
        for command in (("list", "--check"), ("check", "acme-length"), ("show", "check_length")):
            assert "x" * 100 in plugins(*command).stdout

    def test_as_wide_as_the_terminal(self, install, clean):
        clean.setenv("COLUMNS", "60")
        install(source="raise ValueError('of many words ' * 20)")
        assert 50 < widest(plugins("list", "--check")) <= 60


class TestNameless:
    @pytest.fixture(autouse=True)
    def nameless(self, install, site):
        install()
        return (site / "acme_length-1.0.dist-info" / "METADATA").write_text("Version: 1.0\n\nName: of the text\n")

    def test_it_is_listed_as_broken_by_its_path(self, site):
        done = plugins("list")
        assert done.exit_code == 0
        assert "  check_length     acme_length-1.0.dist-info\n" in done.stdout
        reason = f"broken steps:{LENGTH}: {site / 'acme_length-1.0.dist-info'}: its metadata has no Name"
        assert reason in words(done.stdout)

    def test_it_is_no_good(self, site):
        path = str(site / "acme_length-1.0.dist-info")
        checked = plugins("list", "--check", "--json")
        assert [line["distribution"] for line in lines(checked) if line["error"]] == [path]
        for arguments in (("check",), ("check", path), ("check", "check_length"), ("show", "check_length")):
            done = plugins(*arguments)
            assert done.exit_code == 1
            assert "its metadata has no Name" in words(done.stdout)
        assert checked.exit_code == 1

    @pytest.mark.parametrize(("only", "listed"), [('["acme-length"]', True), ('["acme-other"]', False)])
    def test_what_may_not_load_is_passed_over(self, clean, only, listed):
        clean.setenv("PROCTOR_PLUGINS__ONLY", only)
        assert (LENGTH in plugins("list").stdout) is listed


class TestPrinting:
    """What a plugin prints is no part of what is told."""

    @pytest.fixture(autouse=True)
    def talkative(self, install):
        install(source="import os; print('hello'); os.write(1, b'to you\\n')\n" + dedent(STEP))

    @pytest.mark.parametrize(
        "command",
        [
            ("plugins", "list", "--check", "--json"),
            ("plugins", "check", "acme-length", "--json"),
            ("plugins", "show", "check_length", "--json"),
            ("workflows", "list", "--json"),
            ("workflows", "simulate", "component_testing", "--json"),
        ],
        ids=" ".join,
    )
    def test_it_goes_to_stderr(self, site, command):
        done = subprocess.run(
            [sys.executable, "-m", "proctor", *command],
            env={**os.environ, "PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert lines(done)
        assert ("hello" in done.stderr, "to you" in done.stderr) == (True, True)


class TestShow:
    @pytest.mark.parametrize("name", ["check_length", LENGTH, f"steps:{LENGTH}", "proctor.steps:check_length"])
    def test_it_tells_what_a_step_is_and_where_it_stands(self, install, name):
        install()
        done = plugins("show", name)
        assert done.exit_code == 0
        assert done.stdout.splitlines()[:2] == [
            f"{LENGTH}  step of acme-length 1.0",
            "  Refuses tests that are too long.",
        ]
        assert "run_tests → check_length → check_stability" in done.stdout
        assert "lines   20       How long a test may be." in " ".join(done.stdout.splitlines())

    def test_for_programs_there_is_the_schema(self, install):
        install()
        (told,) = lines(plugins("show", "check_length", "--json"))
        assert (told["place"], told["contract"], told["error"]) == ("after run_tests", 1, None)
        assert told["schema"]["properties"]["lines"]["default"] == 20

    @pytest.mark.parametrize("name", ["workflows:context_testing", "agents:command", "executors:process", "local"])
    def test_every_kind_is_shown(self, site, name):
        assert plugins("show", name).exit_code == 0

    @pytest.mark.parametrize(
        ("place", "shown"),
        [('replaces = "run_tests"', "run_tests (by check_length)"), ('before = "finalize"', "check_length → finalize")],
    )
    def test_the_line_says_who_replaces_a_step(self, install, place, shown):
        install(place=place)
        assert shown in " ".join(plugins("show", "check_length").stdout.split())

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"source": "1 / 0"}, "ZeroDivisionError"),
            ({"place": 'after = "nowhere"'}, "wants to stand after nowhere"),
            ({"place": "contract = 7"}, "written for version 7"),
            ({"source": STEP.replace('"How long a test may be."', SCHEMA)}, "its schema raised SystemExit: 3, at"),
        ],
    )
    def test_a_broken_one_says_why(self, install, change, reason):
        install(**change)
        done = plugins("show", "check_length")
        assert done.exit_code == 1
        assert reason in words(done.stdout)

    @pytest.mark.parametrize(
        ("name", "said"), [("nobody", "no plugin or distribution 'nobody'"), ("initialize", "say which")]
    )
    def test_a_name_that_is_not_one_plugin_is_refused(self, site, name, said):
        done = plugins("show", name)
        assert done.exit_code == 2
        assert said in done.stderr


class TestCheck:
    @pytest.mark.parametrize("name", ["check_length", "acme-length"])
    def test_a_sound_step_is_shown_in_its_line(self, install, name):
        install()
        done = plugins("check", name)
        assert done.exit_code == 0, done.stdout
        assert f"steps:{LENGTH}  sound" in done.stdout
        line = "run_tests → check_length → check_stability (without it run_tests → check_stability)"
        assert line in words(done.stdout)

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"source": "1 / 0"}, "ZeroDivisionError"),
            ({"place": "contract = 7"}, "written for version 7"),
            ({"place": 'after = "nowhere"'}, "wants to stand after nowhere"),
            ({"source": STEP.replace("Outcome(result)", "None")}, "handle_result"),
        ],
    )
    def test_a_broken_rule_is_told_with_the_reason(self, install, change, reason):
        install(**change)
        done = plugins("check", "acme-length")
        assert done.exit_code == 1
        assert f"steps:{LENGTH}  broken" in done.stdout
        assert reason in words(done.stdout)
        (told, *_) = lines(plugins("check", "acme-length", "--json"))
        assert told["broken"][0].keys() == {"rule", "reason", "page"}

    def test_a_cause_is_told_once_with_all_rules_that_it_breaks(self, install):
        install(place='after = "nowhere"')
        (told,) = [line for line in lines(plugins("check", "acme-length", "--json")) if line["kind"] == "checked"]
        done = plugins("check", "acme-length")
        assert words(done.stdout).count("wants to stand after nowhere") == 1
        assert f"This breaks {len(told['broken'])} rules (docs/testing.md#steps):" in done.stdout
        assert len(told["broken"]) > 1
        for broken in told["broken"]:
            assert f"- {broken['rule']}" in words(done.stdout)

    @pytest.mark.parametrize("place", ['after = "nowhere"', 'after = "run_tests"'])
    def test_no_line_is_wider_than_a_terminal(self, install, place):
        install(place=place)
        assert widest(plugins("check", "acme-length")) <= 80

    @pytest.mark.parametrize(
        ("one", "other", "reason"),
        [
            (("check_length", 'after = "run_tests"'), ("check_length", 'after = "run_tests"'), "more than once"),
            (("one", 'replaces = "run_tests"'), ("other", 'replaces = "run_tests"'), "replaced twice"),
        ],
    )
    def test_two_that_do_not_get_on_are_named(self, install, one, other, reason):
        install("acme-one", *one)
        install("acme-other", *other)
        for distribution in ("acme-one", "acme-other"):
            done = plugins("check", distribution)
            assert done.exit_code == 1
            assert reason in done.stdout
            assert "acme-one" in done.stdout
            assert "acme-other" in done.stdout

    def test_what_another_one_spoils_is_not_its_fault(self, install):
        install()
        install("acme-lost", "check_lost", 'after = "nowhere"')
        assert plugins("check", "acme-length").exit_code == 0

    def test_of_a_workflow_of_its_own_the_line_is_told(self, install, site):
        install("acme-flow", "ask", "", source=FLOW)
        points = site / "acme_flow-1.0.dist-info" / "entry_points.txt"
        points.write_text("[proctor.workflows]\nflow = acme_flow:FLOW\n[proctor.steps]\nflow.ask = acme_flow:Length\n")
        done = plugins("check", "acme-flow")
        assert "\n  flow: ask\n" in done.stdout
        told = [line for line in lines(plugins("check", "acme-flow", "--json")) if line["kind"] == "placed"]
        assert [(line["without"], line["line"]) for line in told] == [([], ["ask"])]

    def test_a_cause_names_the_distribution_that_is_meant(self, install):
        install(place='after = "nowhere"')
        for arguments in (("check", "acme-length"), ("check", "acme-length", "--json")):
            told = words(plugins(*arguments).stdout)
            assert "step check_length of acme-length wants to stand after nowhere" in told
            assert "under test" not in told

    @pytest.mark.parametrize("command", ["show", "check"])
    def test_what_the_settings_leave_out_is_told_as_such(self, install, clean, command):
        install()
        clean.setenv("PROCTOR_PLUGINS__ONLY", "[]")
        done = plugins(command, "check_length")
        assert done.exit_code == 2
        assert "'check_length' of acme-length is left out by the setting `plugins.only`" in done.stderr

    def test_what_is_not_there_is_refused(self, site):
        done = plugins("check", "nobody")
        assert done.exit_code == 2
        assert "no plugin or distribution 'nobody'" in done.stderr


class TestNew:
    PLACE = ("--workflow", "component_testing", "--after", "run_tests")

    def test_without_a_place_the_places_are_listed(self, site):
        done = plugins("new", "step", "mine")
        assert done.exit_code == 2
        assert "--workflow context_testing: initialize, spawn_component_testing_sessions, finalize" in done.stderr
        assert "--workflow component_testing: initialize, generate_tests, run_tests" in done.stderr
        assert not (site / "proctor-mine").exists()

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("step", "mine", "--workflow", "nothing", "--after", "x"), "no workflow 'nothing'"),
            (("step", "mine", "--workflow", "component_testing", "--after", "nothing"), "Possible are initialize,"),
            (("step", "mine", "--workflow", "component_testing", "--after", "finalize"), "the last step"),
            (("step", "mine", *PLACE, "--before", "finalize"), "--after and --before"),
            (("agent", "mine", "--after", "run_tests"), "Only a step has a place"),
            (("wrapper", "mine"), "a wrapper is a step: proctor plugins new step NAME --wraps STEP"),
            (("linter", "mine"), "'linter' is not one of 'step'"),
            (("step", "my-step", *PLACE), "no name for a plugin"),
            (("step", "run_tests", *PLACE), f"proctor {__version__} brings steps component_testing.run_tests already"),
            (("agent", "builtin"), f"proctor {__version__} brings agents builtin already"),
            (("agent", "python"), "a module proctor_python is installed already"),
            (("agent", "mine", "--directory", "there"), "there exists already"),
            (("agent", "mine", "--directory", "nowhere/mine"), "cannot be made"),
        ],
    )
    def test_what_cannot_be_is_refused_and_nothing_is_left(self, site, arguments, said):
        (site / "there").mkdir()
        done = plugins("new", *arguments)
        assert done.exit_code == 2, done.stdout
        assert said in " ".join(done.stderr.split())
        assert [*site.iterdir()] == [site / "there"]

    def test_a_distribution_that_is_installed_is_not_written_again(self, install, site):
        install("proctor-mine", "another")
        done = plugins("new", "agent", "mine")
        assert done.exit_code == 2
        assert "a distribution proctor-mine is installed already" in done.stderr

    def test_a_folder_can_be_named(self, site):
        done = plugins("new", "step", "mine", *self.PLACE, "--directory", "here")
        assert done.exit_code == 0
        assert "pip install -e ./here" in done.stdout
        assert (site / "here" / "proctor_mine.py").is_file()

    def test_a_stranger_step_may_be_the_anchor(self, install, site):
        install()
        assert plugins("new", "step", "mine", *self.PLACE[:3], "check_length").exit_code == 0
        assert 'after = "check_length"' in (site / "proctor-mine" / "proctor_mine.py").read_text()

    def test_one_that_replaces_another_does_what_that_did(self, site):
        done = plugins("new", "step", "mine", "--workflow", "component_testing", "--replaces", "run_tests")
        assert done.exit_code == 0, done.stderr
        assert "other steps rely on" in words(done.stdout)
        assert "class Mine(RunTests):" in (site / "proctor-mine" / "proctor_mine.py").read_text()

    def test_on_a_terminal_the_place_is_asked_for(self, site):
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "proctor", "plugins", "new", "step", "mine"]
        with os.fdopen(ours, "wb", buffering=0) as terminal, os.fdopen(theirs, "rb", buffering=0) as stdin:
            terminal.write(b"component_testing\nwraps\nfix_tests\n")
            done = subprocess.run(
                command, cwd=site, stdin=stdin, capture_output=True, text=True, timeout=120, check=True
            )
        assert "The steps of component_testing: initialize → generate_tests" in done.stdout
        assert 'wraps = "fix_tests"' in (site / "proctor-mine" / "proctor_mine.py").read_text()


def test_what_a_plugin_starts_when_it_is_imported_does_not_hold_stdout(install, site):
    start = "import subprocess; left = subprocess.Popen(['sleep', '60'], start_new_session=True)"
    note = f"open({str(site / 'left')!r}, 'w').write(str(left.pid))\n"
    install(source=f"{start}; {note}" + dedent(STEP))
    command = [sys.executable, "-m", "proctor", "plugins", "list", "--check", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    with (site / "errors").open("w") as errors:
        try:
            done = subprocess.run(
                command, env=environment, stdout=subprocess.PIPE, stderr=errors, timeout=120, check=False
            )
            assert LENGTH in done.stdout.decode()
        finally:
            os.kill(int((site / "left").read_text()), signal.SIGKILL)
