from pathlib import Path

from click.testing import CliRunner, Result

from proctor.api.schema import printed
from proctor.cli.group import proctor as group


def proctor(*arguments: str) -> Result:
    return CliRunner().invoke(group, ("schema", *arguments))


def test_the_schema_is_printed_as_it_is_committed():
    assert proctor("print").output == printed()


def test_an_agreed_schema_that_fits(tmp_path: Path):
    agreed = tmp_path / "agreed.graphql"
    agreed.write_text(printed())
    done = proctor("check", "--against", str(agreed))
    assert (done.exit_code, done.output) == (0, f"The schema is as {agreed} says.\n")


def test_changes_are_named_the_worst_first_and_fail(tmp_path: Path):
    agreed = tmp_path / "agreed.graphql"
    old = printed().replace("isBroken: Boolean!", "broken: Boolean!").replace("  CANCELLED\n", "", 1)
    old = old.replace('  """Somebody wanted no more of it."""\n', "")
    agreed.write_text(old.replace("The agent that writes", "Whoever writes"))
    done = proctor("check", "--against", str(agreed))
    assert done.exit_code == 1
    weights = [line.split()[0] for line in done.stdout.splitlines()]
    assert weights == sorted(weights, key=["breaking", "dangerous", "safe"].index)
    assert "breaking   Field Plugin.broken was removed." in done.stdout
    assert "dangerous  Enum value SessionStatus.CANCELLED was added." in done.stdout
    assert f"proctor schema print > {agreed}" in done.stderr


def test_another_order_is_a_difference_too(tmp_path: Path):
    agreed = tmp_path / "agreed.graphql"
    agreed.write_text("\n" + printed())
    assert proctor("check", "--against", str(agreed)).exit_code == 1


def test_a_file_that_is_no_schema_is_a_wrong_use(tmp_path: Path):
    for content in (b"nonsense", b"\xff", b"type Query { a: Missing }", b""):
        (tmp_path / "agreed").write_bytes(content)
        done = proctor("check", "--against", str(tmp_path / "agreed"))
        assert done.exit_code == 2
        assert "is no GraphQL schema" in done.stderr


def test_without_a_file_there_is_nothing_to_compare_with(tmp_path: Path):
    assert proctor("check", "--against", str(tmp_path / "none")).exit_code == 2
