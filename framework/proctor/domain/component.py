"""What is tested: a context as a whole, and the components it is made of."""

from dataclasses import dataclass

from proctor.domain.json import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Component:
    """One member of a context: a module with code in it."""

    name: str
    """Dotted name, as one would import it."""
    path: str
    """File, relative to the repository's root, with forward slashes."""

    def to_json(self) -> JsonObject:
        """Give the form in which a session's subject keeps it."""
        return {"name": self.name, "path": self.path}

    @classmethod
    def from_json(cls, value: JsonObject) -> "Component":
        """Read what `to_json` wrote."""
        return cls(name=str(value["name"]), path=str(value["path"]))


@dataclass(frozen=True, slots=True)
class Context:
    """The thing whose tests are wanted as a whole: a package (or one module) of a repository at a commit."""

    name: str
    repository: str
    """Absolute path of the repository's top folder, or a URL."""
    base: str
    """The commit, 40 hex digits."""
    path: str
    """Package folder or module file, relative to the repository's root."""
    only: tuple[str, ...] = ()
    """Globs; where there are any, only components that fit one, by dotted name, path or file name."""
    exclude: tuple[str, ...] = ()
    """Globs of components to leave out."""

    def to_json(self) -> JsonObject:
        """Give the form in which a session's subject keeps it."""
        return {
            "name": self.name,
            "repository": self.repository,
            "base": self.base,
            "path": self.path,
            "only": list(self.only),
            "exclude": list(self.exclude),
        }

    @classmethod
    def from_json(cls, value: JsonObject) -> "Context":
        """Read what `to_json` wrote."""
        return cls(
            name=str(value["name"]),
            repository=str(value["repository"]),
            base=str(value["base"]),
            path=str(value["path"]),
            only=_names(value.get("only")),
            exclude=_names(value.get("exclude")),
        )


def _names(value: Json) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, (list, tuple)) else ()
