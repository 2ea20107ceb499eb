"""Options that several commands share."""

import click

database = click.option("--database", metavar="URL", help="Database to use, such as sqlite:////path/to/file.db.")
as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON for machines.")
agent = click.option("--agent", metavar="NAME", help="Who writes the tests: builtin, or one from the settings.")
jobs = click.option("--jobs", type=click.IntRange(1, 1000), metavar="N", help="Commands that run at once.")
strict = click.option("--strict", is_flag=True, help="Exit with 1 unless every component was proven, and name those.")
keep = click.option("--keep", is_flag=True, help="Keep the work folders, and say where they are.")
