"""Where settings come from, and which of them wins."""

import os
from pathlib import Path

import pytest

from proctor.config import load
from proctor.domain.session import Limits
from proctor.errors import InvalidSetting
from proctor.settings_file import all_is_default, settings_file


@pytest.fixture
def file(tmp_path: Path, clean: pytest.MonkeyPatch) -> Path:
    """Give the place of the user's own settings, which are empty so far."""
    place = tmp_path / "home" / "settings.toml"
    place.parent.mkdir()
    place.touch()
    clean.setenv("PROCTOR_CONFIG", str(place))
    return place


@pytest.mark.usefixtures("file")
def test_nothing_has_to_be_set() -> None:
    settings = load()
    assert (settings.agent, settings.python, settings.may_load(), settings.agents) == ("builtin", None, None, {})
    assert settings.limits.limits() == Limits()
    assert settings.database_url().startswith("sqlite:///")
    assert settings.jobs >= 1


def test_flags_win_over_the_environment_and_that_over_the_file(file: Path, clean: pytest.MonkeyPatch) -> None:
    file.write_text('agent = "of the file"\npython = "of the file"\njobs = 2\n')
    clean.setenv("PROCTOR_AGENT", "of the environment")
    clean.setenv("PROCTOR_PYTHON", "of the environment")
    settings = load(agent="of the flag", python=None)
    assert (settings.agent, settings.python, settings.jobs) == ("of the flag", "of the environment", 2)


@pytest.mark.usefixtures("file")
def test_the_environment_names_database_and_interpreter(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("PROCTOR_DATABASE", "sqlite:////srv/proctor.db")
    clean.setenv("PROCTOR_PYTHON", "/srv/python")
    assert (load().database_url(), load().python) == ("sqlite:////srv/proctor.db", "/srv/python")
    assert load(database="sqlite:///mine.db").database_url() == "sqlite:///mine.db"


def test_one_limit_of_the_environment_leaves_those_of_the_file_as_they_are(
    file: Path, clean: pytest.MonkeyPatch
) -> None:
    file.write_text("[limits]\nrepeats = 9\nfixes = 1\n")
    clean.setenv("PROCTOR_LIMITS__REPEATS", "2")
    assert load().limits.limits() == Limits(repeats=2, fixes=1)


def test_lists_and_options_of_steps_are_read(file: Path, clean: pytest.MonkeyPatch) -> None:
    file.write_text('environment = ["A"]\n[steps."component_testing.run_tests"]\nseconds = 7\n')
    clean.setenv("PROCTOR_PLUGINS__ONLY", '["proctor", "acme"]')
    settings = load()
    assert (settings.environment, settings.plugins.only) == (["A"], ["proctor", "acme"])
    assert settings.steps == {"component_testing.run_tests": {"seconds": 7}}


def test_a_repository_may_have_plugins_and_options_of_its_own(file: Path, tmp_path: Path) -> None:
    file.write_text(f"""
        [plugins]
        only = ["everywhere"]
        [steps."flow.first"]
        limit = 1
        depth = 1
        [projects."{tmp_path / "shop"}"]
        plugins = ["here"]
        steps."flow.first" = {{ limit = 2 }}
    """)
    settings = load()
    assert settings.may_load() == ["everywhere", "here"]
    here, elsewhere = settings.project(tmp_path / "shop"), settings.project(tmp_path)
    assert (here.plugins, here.steps) == (["here"], {"flow.first": {"limit": 2, "depth": 1}})
    assert (elsewhere.plugins, elsewhere.steps) == (["everywhere"], {"flow.first": {"limit": 1, "depth": 1}})


def test_an_agent_may_have_any_name_and_its_plugin_any_options(file: Path) -> None:
    file.write_text('[agents.mine]\nargv = ["mine", "{task}"]\n[agents.yours]\nplugin = "acp"\nmodel = "big"\n')
    agents = load().agents
    assert (agents["mine"].plugin, agents["mine"].options()) == ("command", {"argv": ["mine", "{task}"]})
    assert (agents["yours"].plugin, agents["yours"].options()) == ("acp", {"model": "big"})


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("jobs = 0", "jobs"),
        ('jobs = "many"', "jobs"),
        ("[limits]\nrepeats = 0", "limits.repeats"),
        ("[limits]\nrepeat = 3", "limits.repeat"),
        ('[agents]\nmine = "my-agent"', "agents.mine"),
        ("[agents.mine]\nplugin = 3", "agents.mine.plugin"),
        ('[steps]\nrun_tests = "fast"', "steps.run_tests"),
    ],
)
def test_a_bad_value_is_refused_with_its_place_and_the_file(file: Path, text: str, place: str) -> None:
    file.write_text(text)
    with pytest.raises(InvalidSetting) as refused:
        load()
    assert f"{place}: " in str(refused.value)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize("data", [b"jobs = ", b"agent = '\xff'"])
def test_a_file_that_cannot_be_read_is_refused_with_its_name(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(InvalidSetting, match=r"settings\.toml"):
        load()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PROCTOR_JOBS", "many", "jobs: "),
        ("PROCTOR_LIMITS__FIXES", "-1", "limits.fixes: "),
        ("PROCTOR_AGENTS", "x", "agents"),
    ],
)
@pytest.mark.usefixtures("file")
def test_a_bad_variable_is_refused_with_its_place(clean: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    clean.setenv(name, value)
    with pytest.raises(InvalidSetting, match=says):
        load()


@pytest.mark.usefixtures("file")
def test_a_bad_flag_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="jobs: "):
        load(jobs=0)


@pytest.mark.usefixtures("file")
def test_nothing_in_the_working_directory_is_ever_read(tmp_path: Path, clean: pytest.MonkeyPatch) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    evil = 'agent = "evil"\npython = "/evil"\n'
    for name in ("config.toml", "proctor.toml", "settings.toml", ".proctor.toml"):
        (repository / name).write_text(evil)
    (repository / "pyproject.toml").write_text(f"[tool.proctor]\n{evil}")
    (repository / ".env").write_text("PROCTOR_AGENT=evil\nPROCTOR_PYTHON=/evil\n")
    clean.chdir(repository)
    assert (load().agent, load().python) == ("builtin", None)


def test_the_file_is_in_the_configuration_folder_unless_named(clean: pytest.MonkeyPatch) -> None:
    assert settings_file().parts[-2:] == ("proctor", "config.toml")
    clean.setenv("PROCTOR_CONFIG", "/srv/proctor.toml")
    assert settings_file() == Path("/srv/proctor.toml")


@pytest.mark.parametrize("named", ["none.toml", "."], ids=["nothing", "a folder"])
def test_a_file_that_is_named_and_not_there_is_not_passed_over(
    tmp_path: Path, clean: pytest.MonkeyPatch, named: str
) -> None:
    clean.setenv("PROCTOR_CONFIG", str(tmp_path / named))
    with pytest.raises(InvalidSetting, match=r"there is no file .*PROCTOR_CONFIG"):
        load()
    clean.setenv("PROCTOR_CONFIG", os.devnull)
    assert load().agent == "builtin"


def test_the_servers_settings_in_the_same_file_disturb_no_other_command(file: Path) -> None:
    file.write_text('token = "0123456789abcdef"\n[api.limits]\npage = 5\n')
    assert load().jobs >= 1


def test_whether_anything_is_set_is_known_without_reading_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("PROCTOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert all_is_default()
    with monkeypatch.context() as named:
        named.setenv("proctor_plugins__only", "[]")
        assert not all_is_default()
    settings_file().parent.mkdir(parents=True)
    settings_file().touch()
    assert not all_is_default()
