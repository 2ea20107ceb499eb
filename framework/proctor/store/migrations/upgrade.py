"""Bringing a database to the newest revision, in one transaction. Imported only when there is something to do."""

from pathlib import Path
from sqlite3 import Connection

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection as Transaction
from sqlalchemy import NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from proctor.store.database import connect


def upgrade(path: Path) -> None:
    """Apply every revision that is missing; a failure or a crash leaves the database as it was.

    Raises sqlite3.Error.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")

    def creator() -> Connection:
        return connect(path)

    engine = create_engine("sqlite://", creator=creator, poolclass=NullPool)
    event.listen(engine, "begin", _begin)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise error.orig or error from error


def _begin(connection: Transaction) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
