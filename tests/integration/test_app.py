"""The composition root, with a real git, a real SQLite and plugins of a made-up distribution."""

import asyncio
import importlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
from repositories import UserRepository

from proctor import Result, owner
from proctor.app import App, Order, open_app
from proctor.app.orders import context_name
from proctor.config import load
from proctor.contracts.store import Change, Owner
from proctor.domain.head import Head
from proctor.errors import BranchExists, IdentityMissing, InvalidSetting, UnknownAgent
from proctor.owner import myself
from proctor.sessions import Draft
from proctor.workspace import Repository

SECONDS = 30.0
PLUGINS = """
    from proctor import ChildSpec, Command, Outcome, Step, Workflow

    LINE = Workflow("line", ("first", "second"))
    FAMILY = Workflow("family", ("spawn", "close"), spawns=("line",))
    APPROVAL = Workflow("approval", ("approve",))

    class Plain(Step):
        workflow = "line"
        async def get_command(self, scope, session, options):
            return Command("none")
        async def handle_result(self, scope, session, result, options):
            return Outcome(result)

    class First(Plain):
        name = "first"

    class Second(Plain):
        name = "second"

    class Spawn(Plain):
        workflow, name = "family", "spawn"
        async def get_command(self, scope, session, options):
            return Command("spawn_sessions", children=tuple(ChildSpec(key, "line", {}) for key in "ab"))

    class Close(Plain):
        workflow, name = "family", "close"

    class Approve(Plain):
        workflow, name = "approval", "approve"
        async def get_command(self, scope, session, options):
            return Command("external")
"""
WORKFLOWS = {"line": "LINE", "family": "FAMILY", "approval": "APPROVAL"}
STEPS = {
    "line.first": "First",
    "line.second": "Second",
    "family.spawn": "Spawn",
    "family.close": "Close",
    "approval.approve": "Approve",
}
Open = Callable[..., "asyncio.Future[App]"]


@pytest.fixture
def user(tmp_path: Path) -> UserRepository:
    return UserRepository(tmp_path / "user")


@pytest.fixture
async def opened(tmp_path: Path, clean: pytest.MonkeyPatch) -> AsyncIterator[Open]:
    """Open the application as a new process would, on the same database each time."""
    (tmp_path / "config.toml").touch()
    clean.setenv("PROCTOR_CONFIG", str(tmp_path / "config.toml"))
    async with AsyncExitStack() as stack:

        async def opened(**flags: object) -> App:
            places = {"database": f"sqlite:///{tmp_path / 'proctor.db'}", "cache": tmp_path / "cache"}
            return await stack.enter_async_context(open_app(load(**places, **flags)))

        yield opened  # type: ignore[misc] # a coroutine function is one that gives an awaitable


@pytest.fixture
async def app(opened: Open) -> App:
    return await opened()


@pytest.fixture
def living() -> Owner:
    """Give a process that lives and is not this one."""
    started = owner._started(os.getppid())
    assert started is not None
    return replace(myself(), pid=os.getppid(), started=started)


class Site:
    """A folder that distributions are installed into."""

    def __init__(self, folder: Path) -> None:
        self._info = folder / "made_up-1.0.dist-info"
        self._info.mkdir(parents=True)
        (folder / "made_up_plugins.py").write_text(dedent(PLUGINS))
        (self._info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up\nVersion: 1.0\n")
        self.install(STEPS)

    def install(self, steps: Mapping[str, str]) -> None:
        lines = ["[proctor.workflows]", *(f"{name} = made_up_plugins:{kind}" for name, kind in WORKFLOWS.items())]
        lines += ["[proctor.steps]", *(f"{name} = made_up_plugins:{kind}" for name, kind in steps.items())]
        (self._info / "entry_points.txt").write_text("\n".join(lines))
        importlib.invalidate_caches()

    def uninstall(self, step: str) -> None:
        self.install({name: kind for name, kind in STEPS.items() if name != step})


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    site = Site(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "made_up_plugins", raising=False)
    return site


class TestBegin:
    async def test_a_session_about_what_was_named_is_created(self, app: App, user: UserRepository) -> None:
        begun = await app.orders.begin(Order(user.top / "shop", exclude=("shop.old",)))
        head = await app.sessions.head(app.scope, begun.session_id)
        assert (begun.continued, begun.attached) == (False, False)
        assert (head.birth.workflow, head.birth.agent.name) == ("context_testing", "builtin")
        about = {"name": "shop", "repository": str(user.top), "base": user.base, "path": "shop"}
        assert head.birth.subject.items() >= about.items()
        assert head.birth.subject["exclude"] == ["shop.old"]

    async def test_the_environment_that_is_active_is_passed_on_unless_it_is_our_own(
        self, app: App, user: UserRepository, tmp_path: Path, clean: pytest.MonkeyPatch
    ) -> None:
        kept = []
        for active in (str(tmp_path), sys.prefix):
            clean.setenv("VIRTUAL_ENV", active)
            begun = await app.orders.begin(Order(user.top / "shop", new=True))
            tree = await app.store.tree(app.scope, begun.session_id)
            assert tree is not None
            kept.append(tree.workflows[0].steps["initialize"].options.get("virtual_env"))
        assert kept == [str(tmp_path), None]

    async def test_the_same_again_continues_what_is_unfinished(self, opened: Open, user: UserRepository) -> None:
        order = Order(user.top / "shop")
        first = await (await opened()).orders.begin(order)
        again = await (await opened()).orders.begin(order)
        assert (again.session_id, again.continued, again.attached) == (first.session_id, True, False)

    async def test_what_has_ended_is_not_continued(self, app: App, user: UserRepository) -> None:
        order = Order(user.top / "shop")
        first = await app.orders.begin(order)
        await app.cancel(first.session_id)
        assert not (await app.orders.begin(order)).continued

    async def test_new_begins_again_whatever_there_is(self, app: App, user: UserRepository) -> None:
        order = Order(user.top / "shop", new=True)
        begun = [await app.orders.begin(replace(order, new=new)) for new in (False, True, True)]
        assert len({each.session_id for each in begun}) == 3
        assert not any(each.continued for each in begun)
        states = [(await app.sessions.head(app.scope, each.session_id)).status for each in begun]
        assert states == ["cancelled", "cancelled", "active"]
        again = await app.orders.begin(replace(order, new=False))
        assert (again.session_id, again.continued) == (begun[-1].session_id, True)

    async def test_other_wishes_are_other_trees(self, opened: Open, user: UserRepository) -> None:
        order = Order(user.top / "shop")
        wishes = [
            (order, {}),
            (replace(order, path=user.top / "shop/cart.py"), {}),
            (replace(order, only=("shop.cart",)), {}),
            (replace(order, exclude=("shop.cart",)), {}),
            (replace(order, branch="tests"), {}),
            (order, {"agents": {"mine": {"plugin": "builtin"}}, "agent": "mine"}),
            (order, {"python": sys.executable}),
            (order, {"limits": {"fixes": 1}}),
            (order, {"steps": {"component_testing.run_tests": {}}}),
        ]
        begun = [await (await opened(**flags)).orders.begin(wish) for wish, flags in wishes]
        assert len({each.session_id for each in begun}) == len(wishes)
        user.commit("second")
        assert not (await (await opened()).orders.begin(order)).continued

    async def test_what_does_not_change_the_work_is_no_other_wish(self, opened: Open, user: UserRepository) -> None:
        first = await (await opened(jobs=1)).orders.begin(Order(user.top / "shop"))
        again = await (await opened(jobs=2)).orders.begin(Order(user.top / "shop" / ".." / "shop"))
        assert again.session_id == first.session_id

    async def test_the_tree_of_a_living_process_is_watched(self, app: App, user: UserRepository, living: Owner) -> None:
        first = await app.orders.begin(Order(user.top / "shop"))
        assert await app.store.own(first.session_id, living, myself())
        again = await app.orders.begin(Order(user.top / "shop"))
        assert (again.session_id, again.continued, again.attached) == (first.session_id, True, True)
        assert (await owner_of(app, first.session_id)) == living

    async def test_the_tree_of_a_dead_process_is_taken_over(
        self, app: App, user: UserRepository, living: Owner
    ) -> None:
        first = await app.orders.begin(Order(user.top / "shop"))
        assert await app.store.own(first.session_id, replace(living, boot="an earlier one"), myself())
        again = await app.orders.begin(Order(user.top / "shop"))
        assert (again.session_id, again.attached) == (first.session_id, False)
        assert (await owner_of(app, first.session_id)) == myself()

    @pytest.mark.usefixtures("site")
    async def test_what_ended_untold_is_nothing_to_who_does_not_drive_nor_to_who_comes_later(
        self, app: App, user: UserRepository, living: Owner
    ) -> None:
        order = Order(user.top / "shop", workflow="line")
        first = await app.orders.begin(order)
        assert (await app.drive(first.session_id)).status == "complete"
        assert await app.store.own(first.session_id, replace(living, boot="an earlier one"), None)
        served = await app.orders.begin(order, take=False)
        assert not served.continued
        await app.cancel(served.session_id)
        assert not (await app.orders.begin(order)).continued, "somebody has begun anew since"

    @pytest.mark.usefixtures("site")
    async def test_whoever_was_to_say_how_it_ended_and_died_is_followed_by_the_next(
        self, app: App, user: UserRepository, living: Owner
    ) -> None:
        order = Order(user.top / "shop", workflow="line")
        first = await app.orders.begin(order)
        await app.drive(first.session_id)
        assert await app.store.own(first.session_id, replace(living, boot="an earlier one"), None)
        again = await app.orders.begin(order)
        assert (again.session_id, again.continued, again.attached) == (first.session_id, True, False)
        assert (await app.drive(again.session_id)).status == "complete"
        assert not (await app.orders.begin(order)).continued

    async def test_two_who_begin_at_once_have_one_tree(self, opened: Open, user: UserRepository) -> None:
        apps = [await opened(), await opened()]
        begun = await asyncio.gather(*(app.orders.begin(Order(user.top / "shop")) for app in apps))
        assert len({each.session_id for each in begun}) == 1
        assert sorted(each.continued for each in begun) == [False, True]


async def owner_of(app: App, root: str) -> Owner | None:
    tree = await app.store.tree(app.scope, root)
    assert tree is not None
    return tree.owner


class TestRefused:
    async def test_an_unknown_agent_and_which_are_known(self, opened: Open, user: UserRepository) -> None:
        app = await opened(agent="mime", agents={"mine": {"argv": ["mine"]}})
        with pytest.raises(UnknownAgent, match=r"called mime\. Known agents: builtin, mine\."):
            await app.orders.begin(Order(user.top / "shop"))
        assert await app.store.roots(app.scope) == []

    async def test_options_that_an_agent_does_not_have(self, opened: Open) -> None:
        app = await opened(agents={"mine": {"plugin": "builtin", "no_such_option": 1}})
        with pytest.raises(InvalidSetting, match=r"agents\.mine\.no_such_option: "):
            app.agents.make("mine")

    async def test_a_repository_without_an_author(
        self, app: App, user: UserRepository, clean: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "XDG_CONFIG_HOME"):
            clean.delenv(name, raising=False)
        clean.setenv("HOME", str(tmp_path / "nobody"))
        clean.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        clean.setenv("GIT_CONFIG_NOSYSTEM", "1")
        user.git("config", "--unset", "user.email")
        with pytest.raises(IdentityMissing):
            await app.orders.begin(Order(user.top / "shop"))
        assert await app.store.roots(app.scope) == []

    async def test_a_branch_that_exists(self, app: App, user: UserRepository) -> None:
        user.git("branch", "tests")
        with pytest.raises(BranchExists, match="tests"):
            await app.orders.begin(Order(user.top / "shop", branch="tests"))
        assert await app.store.roots(app.scope) == []


@pytest.mark.parametrize(
    ("path", "name"), [("shop", "shop"), ("src/shop/cart.py", "cart"), (".", "larder-1.2"), ("shop/v1.0", "v1.0")]
)
def test_a_context_is_called_like_what_was_named(path: str, name: str) -> None:
    repository = Repository(Path("/srv/larder-1.2"), "c0ffee", path, dirty=False, identity=None, branch=None)
    assert context_name(repository) == name


async def driven(app: App, root: str) -> tuple[Head, list[str]]:
    """Drive a tree and watch it; give its root's head and what was seen."""

    async def watched() -> list[str]:
        return [event.kind async for event in app.watch(root)]

    async with asyncio.timeout(SECONDS):
        return await asyncio.gather(app.drive(root, jobs=2), watched())


async def tree_of(app: App, workflow: str = "family") -> str:
    return (await app.sessions.create(app.scope, Draft(workflow, {}), owner=myself())).id


@pytest.mark.usefixtures("site")
class TestDrive:
    async def test_a_tree_is_driven_to_its_end_and_given_back(self, app: App) -> None:
        root = await tree_of(app)
        head, seen = await driven(app, root)
        assert head.status == "complete"
        assert seen[0] == "session_created"
        assert len(seen) == len(await app.sessions.events(app.scope, root))
        assert await owner_of(app, root) is None

    @pytest.mark.parametrize("step", ["line.second", "family.spawn", "family.close"])
    async def test_a_missing_plugin_ends_the_drive_and_is_named_and_heals(
        self, app: App, opened: Open, site: Site, step: str
    ) -> None:
        root = await tree_of(app)
        site.uninstall(step)
        app = await opened()
        head, seen = await driven(app, root)
        assert head.status == "active"
        blocked = {each.blocked for each in await app.store.descendants(app.scope, root) if each.blocked}
        assert len(blocked) == 1
        assert step in blocked.pop()
        assert len(seen) == len(await app.sessions.events(app.scope, root))
        assert await owner_of(app, root) is None
        site.install(STEPS)
        assert (await driven(await opened(), root))[0].status == "complete"

    async def test_whoever_does_not_need_the_missing_plugin_goes_on(self, app: App, opened: Open, site: Site) -> None:
        root = await tree_of(app)
        await app.sessions.proceed(app.scope, root, owner="me")
        first, second = await app.store.children(app.scope, root)
        started = await app.sessions.start(app.scope, first.id, owner="me")
        await app.sessions.submit(app.scope, first.id, started.fence, Result("ok"), key="k")
        site.uninstall("line.first")
        app = await opened()
        head, _ = await driven(app, root)
        assert (head.status, head.open_children) == ("active", 1)
        assert (await app.sessions.head(app.scope, first.id)).status == "complete"
        assert (await app.sessions.head(app.scope, second.id)).blocked is not None

    async def test_a_paused_tree_ends_the_drive(self, app: App) -> None:
        root = await tree_of(app)
        head = await app.sessions.head(app.scope, root)
        await app.store.commit(Change(replace(head, paused=True, version=head.version + 1)))
        head, _ = await driven(app, root)
        assert (head.status, head.pending) == ("active", None)

    async def test_a_tree_that_waits_for_somebody_is_not_given_up_and_can_be_cancelled(self, app: App) -> None:
        root = await tree_of(app, "approval")
        driving = asyncio.ensure_future(driven(app, root))
        async for event in app.watch(root):
            if event.kind == "interaction_parked":
                break
        assert not (await asyncio.wait((driving,), timeout=0.1))[0]
        await app.cancel(root)
        head, seen = await driving
        assert head.status == "cancelled"
        assert seen[-1] == "session_changed"
