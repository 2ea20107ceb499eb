"""Which rules a plugin breaks."""

from proctor.testing import Kit, RuleBroken


class Breaks:
    """A kit over a plugin; each rule is tried when it is asked for."""

    def __init__(self, kit: type[Kit], **attributes: object) -> None:
        self._kit = type("Made", (kit,), attributes)

    def __getitem__(self, rule: str) -> str:
        """Say what is told when this rule (its name without `test_`) is tried; empty if it is kept."""
        try:
            getattr(self._kit(), f"test_{rule}")()
        except RuleBroken as broken:
            text = str(broken)
            assert text.startswith(str(getattr(self._kit, f"test_{rule}").__doc__))
            assert text.endswith(f"More on this: {self._kit.page}")
            return text
        return ""

    @property
    def rules(self) -> list[str]:
        """Name all rules that are broken."""
        names = (name.removeprefix("test_") for name in self._kit.rules())
        return [name for name in names if self[name]]
