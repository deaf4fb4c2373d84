"""`apimpy serve` put together: policy to program, ports to implementations, listeners up, signals, and down again.

Everything expensive happens before the first listener opens: the policy is compiled, vocabularies are loaded, and what
exists by then is taken out of the garbage collector's way (`gc.freeze`), which halves the slowest answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.http import HttpRequestParser

from apimpy.gateway.admin import admin_application
from apimpy.gateway.app import Gateway
from apimpy.gateway.build import build_gateway
from apimpy.gateway.config import ConfigError
from apimpy.gateway.load import load_configuration
from apimpy.gateway.observing import Observing
from apimpy.gateway.reload import Reloader, Watch
from apimpy.gateway.server import Server
from apimpy.gateway.state import redis_state
from apimpy.observe.events import FileEventLogger
from apimpy.observe.logs import AccessLog
from apimpy.runtime.message import Url
from apimpy.runtime.ports import StoreUnavailable
from apimpy.tokens.counter import TiktokenCounter
from apimpy.tokens.models import DEFAULT_ENCODING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from apimpy.configuration.assemble import Assembled
    from apimpy.gateway.config import ServeConfig
    from apimpy.gateway.load import Loaded
    from apimpy.gateway.server import Limits
    from apimpy.gateway.state import State
    from apimpy.gateway.workers import Seat
    from apimpy.runtime.services import Options

__all__ = [
    "PortInUse",
    "in_process",
    "listen",
    "run_until_stopped",
    "serve",
    "serve_backend",
    "serve_mock",
    "tune_collector",
]

log = logging.getLogger("apimpy.gateway")

_BACKLOG = 4096
_BREAKERS_EVERY = 0.25
"""Seconds between two looks at the breakers that gateways share."""


class PortInUse(Exception):
    """An address cannot be listened on; the text is for the user."""


def _unheard(host: str, port: int, error: Exception) -> PortInUse:
    number = getattr(error, "errno", None)
    why = os.strerror(number) if isinstance(number, int) and number > 0 else str(error)
    if isinstance(error, socket.gaierror):
        why = "the host name is not known"
    return PortInUse(f"cannot listen on {host}:{port}: {why[:1].lower()}{why[1:]}")


def open_socket(host: str, port: int) -> socket.socket:
    """A listening socket for several processes.  PortInUse."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        raise _unheard(host, port, error) from error


async def listen(runner: web.BaseRunner, host: str, port: int) -> tuple[str, int]:
    """Open a listener; its host and real port.  PortInUse with one clear line when it cannot be."""
    await runner.setup()
    site = web.TCPSite(runner, host, port, backlog=_BACKLOG)
    try:
        await site.start()
    except (OSError, OverflowError) as error:
        await runner.cleanup()
        raise _unheard(host, port, error) from error
    address = runner.addresses[-1]
    return str(address[0]), int(address[1])


@contextlib.asynccontextmanager
async def in_process(backend: web.Application) -> AsyncIterator[Url]:
    """A backend in this process, on a loopback port of its own."""
    runner = web.AppRunner(backend, access_log=None, shutdown_timeout=1.0, handler_cancellation=True)
    host, port = await listen(runner, "127.0.0.1", 0)
    try:
        yield Url("http", host, port, "/")
    finally:
        await runner.cleanup()


def tune_collector() -> None:
    """What start-up made lives until the end: the collector need not look at it for every request."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 1000)


def extensions_missing() -> bool:
    """aiohttp runs on its slow pure-Python parser."""
    return "_http_parser" not in HttpRequestParser.__module__


async def serve(
    config: ServeConfig,
    assembled: Assembled,
    counter: TiktokenCounter,
    *,
    preload: bool,
    mock: web.Application | None = None,
    seat: Seat | None = None,
) -> None:
    """Run until SIGTERM or SIGINT, then drain.  PortInUse when a listener cannot be opened, ConfigError when the Redis
    cannot keep what the policies want.

    `preload`: the policy counts tokens, so the vocabularies must not be loaded by a request.
    `mock` is the backend of the APIs that name none.  `seat`: this is one of several processes.
    """
    async with contextlib.AsyncExitStack() as stack:
        if preload:
            counter.preload([DEFAULT_ENCODING])
        backend = config.backend
        if mock is not None:
            backend = await stack.enter_async_context(in_process(mock))
        stdout = threading.Lock()
        access_log = AccessLog(config.access_log, shared=seat is not None, lock=stdout)
        stack.push_async_callback(access_log.aclose)
        state, refusal = await open_state(config, assembled, stack)
        refuse_vectors(assembled, refusal)
        watched = Observing.of(config, assembled.model, stdout)
        gateway = build_gateway(config, assembled, backend, counter, access_log, state, watched.llm_log)
        await stack.enter_async_context(watched.running(gateway.metrics))
        if state is not None and state.shared is not None:
            gateway.metrics.watch(state.shared.link)
        if state is not None and state.breakers is not None:
            following = asyncio.create_task(_follow_breakers(gateway))
            stack.callback(following.cancel)
        stack.push_async_callback(gateway.services.transport.aclose)
        for logger in gateway.services.event_loggers.values():
            assert isinstance(logger, FileEventLogger)
            stack.push_async_callback(logger.aclose)
        server = Server(gateway, _limits(config, gateway.services.options))
        ready = asyncio.Event()
        stopped = stop_signal()

        def load() -> Loaded:
            loaded = load_configuration(config, os.environ)
            if seat is not None and state is None and loaded.assembled is not None:
                refuse_state(loaded.assembled)
            if loaded.assembled is not None:
                refuse_vectors(loaded.assembled, refusal)
            return loaded

        reloader = Reloader(
            gateway,
            load,
            backend,
            lambda new: config.options_with(new.model.options),
        )
        application = admin_application(gateway, ready.is_set, reloader)
        admin = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        runner = web.ServerRunner(server, shutdown_timeout=config.drain_seconds)
        if seat is None:
            admin_host, admin_port = await listen(admin, config.host, config.admin_port)
            stack.push_async_callback(admin.cleanup)
            if gateway.tracing is not None:
                gateway.tracing.location = f"{_url(admin_host, admin_port)}/_trace/"
            host, port = await listen(runner, config.host, config.port)
        else:
            await sit_down(seat, runner, admin, stopped)
            stack.push_async_callback(admin.cleanup)

        async def drain() -> None:
            ready.clear()
            await server.drain()
            await runner.cleanup()
            await gateway.services.background.drain(config.drain_seconds)

        stack.push_async_callback(drain)
        stack.enter_context(_reload_signal(reloader))
        if config.watch:
            also = [config.fragments] if config.fragments is not None else []
            watching = asyncio.create_task(Watch(config.policy, also).run(reloader.reload))
            stack.callback(watching.cancel)
        if extensions_missing():
            log.warning("aiohttp's C extensions are missing: requests cost several times as much")
        tune_collector()
        ready.set()
        if seat is not None:
            seat.say_ready()
        else:
            announce((host, port), (admin_host, admin_port), shown_backend(mock is not None, backend, assembled))
        if preload:  # the second one, for older models, while the first requests come
            await asyncio.to_thread(counter.preload)
        await stopped.wait()
        log.info("draining")


async def _follow_breakers(gateway: Gateway) -> None:
    """Learn every now and then which breakers other gateways have opened."""
    while True:
        await asyncio.sleep(_BREAKERS_EVERY)
        services = gateway.services  # a reload replaces them
        try:
            await services.backends.refresh(services.clock.now())
        except StoreUnavailable:
            pass  # the link has said so
        except Exception:  # one bad answer must not end it
            log.exception("shared breakers could not be read")


def _limits(config: ServeConfig, options: Options) -> Limits:
    return replace(
        config.limits,
        body=options.max_request_body,
        message=options.max_websocket_message,
        silence=options.websocket_idle,
    )


def shown_backend(is_mock: bool, backend: Url | None, assembled: Assembled) -> str:
    """What requests go to, in a few words."""
    return "mock backend" if is_mock else f"backend {backend}" if backend else _count(assembled)


def announce(address: tuple[str, int], admin: tuple[str, int], backend: str) -> None:
    """The one line that tells where it listens."""
    print(f"apimpy listening on {_url(*address)} ({backend}), admin on {_url(*admin)}", flush=True)  # noqa: T201


async def sit_down(seat: Seat, runner: web.BaseRunner, admin: web.BaseRunner | None, stopped: asyncio.Event) -> None:
    """Listen as one of several processes; `stopped` when the parent has gone."""
    if admin is not None and seat.admin is not None:
        seat.admin.unlink(missing_ok=True)  # of one that was here before
        await admin.setup()
        await web.UnixSite(admin, str(seat.admin)).start()
    await runner.setup()
    await web.SockSite(runner, seat.listener, backlog=_BACKLOG).start()
    asyncio.get_running_loop().add_reader(seat.life, stopped.set)


def refuse_state(assembled: Assembled) -> None:
    """ConfigError when policies keep state that processes do not share."""
    if assembled.stateful:
        names = ", ".join(sorted(assembled.stateful))
        raise ConfigError(f"--workers needs --redis: each process would keep its own state for {names}")


def refuse_vectors(assembled: Assembled, refusal: str | None) -> None:
    """ConfigError when policies want vectors that the Redis cannot keep.  `refusal`: why it cannot."""
    if assembled.keeps_vectors and refusal is not None:
        raise ConfigError(refusal)


async def open_state(
    config: ServeConfig, assembled: Assembled, stack: contextlib.AsyncExitStack
) -> tuple[State | None, str | None]:
    """State in the Redis that was named, None when none was; why it cannot keep vectors, None when it can.

    One that is away is no reason not to start.
    """
    url = config.redis or assembled.model.redis
    options = config.options_with(assembled.model.options)
    if url is None:
        if options.shared_breakers:
            log.warning("shared_breakers has no effect without a Redis: each process has its own")
        return None, None
    state = redis_state(
        url, options.store_timeout / 1000, options.semantic_cache_size, breakers=options.shared_breakers
    )
    assert state.shared is not None
    stack.push_async_callback(state.aclose)
    why = await state.shared.link.open()
    if why is not None:
        log.warning("starting without Redis: until it answers, limits let requests pass and caches are empty")
        return state, None
    return state, await state.shared.vectors.refusal()


async def check_vectors(config: ServeConfig, assembled: Assembled) -> None:
    """ConfigError as `refuse_vectors`; nothing stays open."""
    async with contextlib.AsyncExitStack() as stack:
        _, refusal = await open_state(config, assembled, stack)
        refuse_vectors(assembled, refusal)


@contextlib.contextmanager
def _reload_signal(reloader: Reloader) -> Iterator[None]:
    """SIGHUP reloads, where there is such a signal."""
    loop = asyncio.get_running_loop()
    under_way: set[asyncio.Task[object]] = set()

    def start() -> None:
        task: asyncio.Task[object] = loop.create_task(reloader.reload())
        under_way.add(task)  # the loop itself keeps no hold of it
        task.add_done_callback(under_way.discard)

    hangup = getattr(signal, "SIGHUP", None)
    if hangup is None:
        yield
        return
    loop.add_signal_handler(hangup, start)
    try:
        yield
    finally:
        loop.remove_signal_handler(hangup)


def _count(assembled: Assembled) -> str:
    number = len({api.id for api in assembled.model.apis})
    return "1 API" if number == 1 else f"{number} APIs"


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def stop_signal() -> asyncio.Event:
    """Set by SIGTERM or SIGINT; a second SIGINT ends the process at once, a second SIGTERM changes nothing."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop() -> None:
        stopped.set()
        loop.remove_signal_handler(signal.SIGINT)

    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, stop)
    return stopped


async def serve_mock(host: str, port: int, mock: web.Application, counter: TiktokenCounter) -> None:
    """The mock on its own, until a signal."""
    counter.preload([DEFAULT_ENCODING])
    await serve_backend(host, port, mock, "mock", lambda: asyncio.to_thread(counter.preload))


async def serve_backend(
    host: str, port: int, backend: web.Application, name: str, meanwhile: Callable[[], Awaitable[None]] | None = None
) -> None:
    """A backend of our own until a signal; `meanwhile`: to be done while the first requests come."""
    stopped = stop_signal()
    runner = web.AppRunner(backend, access_log=None, shutdown_timeout=5.0, handler_cancellation=True)
    shown = await listen(runner, host, port)
    print(f"apimpy {name} listening on {_url(*shown)}", flush=True)  # noqa: T201
    if meanwhile is not None:
        await meanwhile()
    await stopped.wait()
    await runner.cleanup()


def run_until_stopped(main: Callable[[], Awaitable[None]]) -> int:
    """Run on uvloop where there is one; 0, or with one line on stderr: 1 for a port in use, 2 for what cannot be."""

    async def body() -> None:
        await main()

    try:
        if sys.platform == "win32":
            asyncio.run(body())
        else:
            import uvloop

            uvloop.run(body())
    except PortInUse as error:
        print(f"apimpy: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except ConfigError as error:
        print(f"apimpy serve: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        return 130
    return 0
