"""Assembly: loads another configuration while calls run.

The configuration is read and all its objects are made first; then one reference is swapped. So a bad
configuration changes nothing. A provider with unchanged settings is kept, with its connections. A replaced
one is closed when the last call that may use it has ended.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial

from ringmain_server.aio.threads import in_daemon
from ringmain_server.assembly.active_config import ActiveConfig, Snapshot
from ringmain_server.assembly.builder import Builder
from ringmain_server.assembly.identity import load_libraries
from ringmain_server.config import ConfigError, Problem, Settings, secrets
from ringmain_server.config.changes import changed_paths, reloadable
from ringmain_server.config.exposure import exposed, plain
from ringmain_server.config.problems import Place
from ringmain_server.config.watch import FileWatch
from ringmain_server.edge.calls import Calls
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.registry import ExtraMissing
from ringmain_server.telemetry.events import Events

LONGEST = 60.0
"""Seconds for reading a configuration and making its objects, without loading libraries."""


@dataclass(frozen=True, slots=True)
class ConfigSource:
    """The source of the configuration.

    Attributes:
        load: Reads it as at the start.
        path: Its file, None when there is none.
        watch: A watch that saw the file before it was read, so that no change is missed; None to begin now.
    """

    load: Callable[[], Settings]
    path: str | None = None
    watch: FileWatch | None = None


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The result of a reload.

    Attributes:
        changed_paths: Settings that have changed and apply now.
        restart_paths: Settings that have changed and apply from the next start on.
    """

    changed_paths: list[str]
    restart_paths: list[str]


class Reload:
    """Reads the configuration again each time it is called.

    Args:
        load: Reads the configuration as at the start.
        active: The active configuration.
        builder: Makes the objects of a configuration.
        calls: The calls of callers.
        events: Publishes the result.
        learn: Gets the secrets before they are used, so that no log line can hold one.

    Attributes:
        ready: Loads the providers' libraries before calls may reach them; None for nothing.
        applied: Called with the settings once they are active; None for nothing.
        longest: Seconds after which reading a configuration is given up.
    """

    def __init__(
        self,
        load: Callable[[], Settings],
        active: ActiveConfig,
        builder: Builder,
        calls: Calls,
        events: Events,
        learn: Callable[[Iterable[str]], None],
    ) -> None:
        self._load = load
        self._active = active
        self._builder = builder
        self._calls = calls
        self._events = events
        self._learn = learn
        self.ready: Callable[[Iterable[Provider]], Awaitable[None]] | None = None
        self.applied: Callable[[Settings], None] | None = None
        self.longest = LONGEST
        self._one_at_a_time = asyncio.Lock()
        self._retiring: dict[asyncio.Task[None], Provider] = {}

    async def __call__(self) -> Reloaded:
        """Loads the configuration as it is written now.

        Raises:
            ConfigError: It has mistakes, and nothing has changed.
        """
        async with self._one_at_a_time:
            try:
                return await self._reload()
            except ConfigError as exc:
                self._refused(exc)
                raise

    async def close(self) -> None:
        """Closes replaced providers that are still open; their calls have ended."""
        left, self._retiring = self._retiring, {}
        for task, provider in left.items():
            task.cancel()
            await provider.transport.close()

    async def _reload(self) -> Reloaded:
        before = self._active.now
        settings, restart, providers = await self._prepared(before)
        if self.ready is not None:
            await self.ready(providers.values())
        snapshot = self._builder.snapshot(settings, providers)
        self._active.now = snapshot
        if self.applied is not None:
            self.applied(settings)
        self._calls.default_deadline = settings.server.default_deadline
        self._retire(before, snapshot)
        done = Reloaded(changed_paths(before.settings, settings), restart)
        self._told(done)
        return done

    async def _prepared(self, before: Snapshot) -> tuple[Settings, list[str], dict[str, Provider]]:
        # In a daemon thread, since reading may hang, which must delay neither later reloads nor the end.
        preparing = in_daemon(partial(self._prepare, before), name="reload")
        try:
            return await asyncio.wait_for(preparing, self.longest)
        except TimeoutError as exc:
            message = f"could not be read within {self.longest:g} s"
            raise ConfigError([Problem("", None, message, source="the configuration")]) from exc

    def _prepare(self, before: Snapshot) -> tuple[Settings, list[str], dict[str, Provider]]:
        loaded = self._load()
        self._learn(secrets(loaded))
        settings = reloadable(before.settings, loaded)
        # Each may be safe by itself: an address that stays, and credentials that are needed no more.
        if mistakes := list(exposed(plain(settings))):
            raise ConfigError([mistake.at(Place("")) for mistake in mistakes])
        load_libraries(settings)
        try:
            providers = self._builder.providers(settings, before)
        except ExtraMissing as exc:
            raise ConfigError([Problem(f"providers.{exc.provider_id}.kind", None, str(exc))]) from exc
        return settings, changed_paths(settings, loaded), providers

    def _retire(self, before: Snapshot, snapshot: Snapshot) -> None:
        for provider_id, provider in before.providers.items():
            if snapshot.providers.get(provider_id) is not provider:
                self._builder.renewed(provider_id)
                task = asyncio.create_task(self._close_unused(provider))
                self._retiring[task] = provider
                task.add_done_callback(lambda ended: self._retiring.pop(ended, None))

    async def _close_unused(self, provider: Provider) -> None:
        # Calls that run now may still come back to it, and work that outlives its caller
        # (`on_cancel: drain`) still uses it.
        await self._calls.outlast()
        await provider.use.ended()
        await provider.transport.close()

    def _told(self, done: Reloaded) -> None:
        self._events.publish(
            "config",
            f"the configuration was loaded; {_counted(done.changed_paths)} changed",
            **({"changed_paths": " ".join(done.changed_paths)} if done.changed_paths else {}),
        )
        if done.restart_paths:
            paths = " ".join(done.restart_paths)
            self._events.publish("config", f"from the next start on: {paths}", restart_paths=paths)

    def _refused(self, error: ConfigError) -> None:
        problems = [str(problem) for problem in error.problems]
        self._events.publish(
            "config",
            f"the configuration was refused and nothing changed: {problems[0]}",
            problems="\n".join(problems),
        )


def _counted(paths: Collection[str]) -> str:
    return {0: "nothing", 1: "1 setting"}.get(len(paths), f"{len(paths)} settings")
