"""nginx with its RTMP module: ingest over RTMP, HLS and RTMP out, control and statistics over HTTP."""

import asyncio
import os
from pathlib import Path
from typing import Self
from xml.etree import ElementTree

import httpx

from tests.servers.ports import answers, free_port
from tests.servers.program import Program, missing, needs

PACKAGE = "libnginx-mod-rtmp"
MODULES = ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules")
START = 10.0
"""Seconds that nginx has to listen on its ports."""

CONFIGURATION = """\
load_module {module};
{user}
# One worker: control and stat see only the worker that happens to answer the request.
worker_processes 1;
daemon off;
pid {root}/nginx.pid;
error_log {root}/logs/error.log info;
events {{ worker_connections 1024; }}
rtmp {{
  server {{
    listen 127.0.0.1:{rtmp};
    chunk_size 4096;
    timeout 10s;
    ping 5s;
    ping_timeout 5s;
    notify_method post;
    application live {{
      live on;
      record off;
      wait_key on;
      wait_video on;
      drop_idle_publisher {idle}s;
      allow publish 127.0.0.1;
      deny publish all;
      allow play 127.0.0.1;
      deny play all;
{hooks}
      hls on;
      hls_path {root}/hls;
      hls_fragment 2s;
      hls_playlist_length 10s;
      hls_nested on;
      hls_cleanup on;
    }}
  }}
}}
http {{
  access_log {root}/logs/access.log;
  client_body_temp_path {root}/tmp;
  proxy_temp_path {root}/tmp;
  fastcgi_temp_path {root}/tmp;
  uwsgi_temp_path {root}/tmp;
  scgi_temp_path {root}/tmp;
  server {{
    listen 127.0.0.1:{http};
    location /control {{ {access} rtmp_control all; }}
    location /stat {{ {access} rtmp_stat all; }}
    location /hls {{
      types {{ application/vnd.apple.mpegurl m3u8; video/mp2t ts; }}
      root {root};
      add_header Cache-Control no-cache;
    }}
  }}
}}
"""

HOOKS = """\
      on_publish {url};
      on_publish_done {url};
"""

UPDATES = """\
      on_update {url};
      notify_update_timeout {interval}s;
      notify_update_strict on;
"""


class NginxRtmp:
    """nginx in ``directory`` with one RTMP application ``live``, on free ports; ``async with`` starts and stops it.

    ``hook_url`` is asked on publish and told on its end; with ``updates`` it is asked again every ``update_interval``
    seconds, and no answer then ends a running stream as a refusal does. ``idle`` is after how many silent seconds nginx
    itself drops a publisher. ``login`` (name, password) protects control and statistics by HTTP basic authentication.
    Ports stay the same over ``stop`` and ``start``.
    """

    app = "live"

    def __init__(
        self,
        directory: Path,
        hook_url: str | None = None,
        *,
        update_interval: int = 2,
        idle: int = 10,
        updates: bool = True,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self._nginx = needs("nginx", package=PACKAGE)
        self._module = _module()
        self._hook_url = hook_url
        self._update_interval = update_interval
        self._idle = idle
        self._updates = updates
        self._login = login
        self._rtmp_port = self._http_port = 0
        self._program: Program | None = None

    @property
    def rtmp_port(self) -> int:
        """The port that it takes and gives streams on."""
        return self._rtmp_port

    @property
    def http_port(self) -> int:
        """The port of its HTTP server."""
        return self._http_port

    @property
    def rtmp_url(self) -> str:
        """The application's URL; a stream's name follows after a slash."""
        return f"rtmp://127.0.0.1:{self._rtmp_port}/{self.app}"

    @property
    def http_url(self) -> str:
        """The HTTP server that holds control, statistics and HLS."""
        return f"http://127.0.0.1:{self._http_port}"

    @property
    def control_url(self) -> str:
        """Where streams are dropped."""
        return f"{self.http_url}/control"

    @property
    def stat_url(self) -> str:
        """Where the streams are listed in XML."""
        return f"{self.http_url}/stat"

    @property
    def hls_url(self) -> str:
        """The folder of all HLS streams; ``playlist_url`` names one stream's playlist."""
        return f"{self.http_url}/hls"

    def playlist_url(self, key: str) -> str:
        """The HLS playlist of one stream."""
        return f"{self.hls_url}/{key}/index.m3u8"

    def publish_url(self, key: str) -> str:
        """Where a stream of this name is published, and played."""
        return f"{self.rtmp_url}/{key}"

    @property
    def log(self) -> str:
        """nginx's own error log, with its RTMP module's messages."""
        path = self.directory / "logs" / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    async def start(self) -> None:
        """Start nginx and wait until it listens; another port is tried where somebody else took the chosen one."""
        for folder in ("logs", "tmp", "hls"):
            (self.directory / folder).mkdir(parents=True, exist_ok=True)
        for _ in range(5):
            if self._rtmp_port == 0:
                self._rtmp_port, self._http_port = free_port(), free_port()
            if await self._started():
                return
            self._rtmp_port = self._http_port = 0
        raise RuntimeError(f"nginx did not start: {self.log[-2000:]} {self._program.log if self._program else ''}")

    async def stop(self) -> None:
        """Stop nginx and its worker; idempotent."""
        if self._program is not None:
            await self._program.stop()

    async def on_air(self, key: str) -> bool:
        """Whether a publisher sends the stream now, by nginx's own statistics."""
        async with httpx.AsyncClient(auth=self._login, trust_env=False) as client:
            answer = await client.get(self.stat_url, timeout=5.0)
        streams = ElementTree.fromstring(answer.raise_for_status().text).iter("stream")
        return any(stream.findtext("name") == key and stream.find("publishing") is not None for stream in streams)

    async def wait_on_air(self, key: str, timeout: float = 10.0) -> None:  # noqa: ASYNC109 - a test says how long
        """Wait until the stream is on air; TimeoutError where it is not."""
        async with asyncio.timeout(timeout):
            while not await self.on_air(key):  # noqa: ASYNC110 - nginx tells nobody, it must be asked
                await asyncio.sleep(0.02)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _started(self) -> bool:
        configuration = self.directory / "nginx.conf"
        configuration.write_text(self._configuration())
        command = (self._nginx, "-e", str(self.directory / "logs" / "error.log"), "-c", str(configuration))
        self._program = Program(*command, "-p", str(self.directory), log=self.directory / "logs" / "nginx.log")
        await self._program.start()
        try:
            async with asyncio.timeout(START):
                while self._program.returncode is None:
                    if await answers(self._rtmp_port) and await answers(self._http_port):
                        return True
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pass
        await self._program.stop()
        return False

    def _configuration(self) -> str:
        hooks = access = ""
        if self._hook_url is not None:
            hooks = HOOKS.format(url=self._hook_url)
            hooks += UPDATES.format(url=self._hook_url, interval=self._update_interval) if self._updates else ""
        if self._login is not None:
            name, password = self._login
            (self.directory / "users").write_text(f"{name}:{{PLAIN}}{password}\n")
            access = f"auth_basic control; auth_basic_user_file {self.directory}/users;"
        return CONFIGURATION.format(
            module=self._module, user="user root;" if os.geteuid() == 0 else "", root=self.directory,
            rtmp=self._rtmp_port, http=self._http_port, idle=self._idle, hooks=hooks, access=access,
        )  # fmt: skip


def _module() -> Path:
    paths = (Path(folder) / "ngx_rtmp_module.so" for folder in MODULES)
    found = next((path for path in paths if path.exists()), None)
    return found or missing(f"nginx has no RTMP module: apt-get install {PACKAGE}")
