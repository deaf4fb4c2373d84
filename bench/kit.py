"""What the benchmarks share: pinned processes, their CPU time, free ports, the backend, the token of the load."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LOAD_CORE, GATEWAY_CORE = "0", "1"
SERVE = "import sys; from apimpy.cli.serve import serve_command; serve_command(sys.argv[1:])"
_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(session: int) -> float:
    """User and system seconds of everything in a session of processes."""
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session:
                total += sum(map(int, fields[11:15]))
    return total / _TICK


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def pinned(core: str, command: list[str], log: Path, **environment: str) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(
            ["taskset", "-c", core, *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            start_new_session=True,
        )


def load(url: str, seconds: float, token: str) -> list[str]:
    """The command of the load; its last line is JSON."""
    script = str(HERE / "chat.lua")
    environment = [f"BODY={HERE / 'body.json'}", f"TOKEN={token}"]
    wrk = ["wrk", "-t1", "-c32", f"-d{seconds:g}s", "-s", script, url]
    return ["env", *environment, "taskset", "-c", LOAD_CORE, *wrk]


def backend(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """The model endpoint and its URL; it also serves the files of `folder` as an identity provider would."""
    folder.chmod(0o755)  # the server's worker is another user
    port = free_port()
    conf = (HERE / "backend.conf").read_text().replace("$PORT", str(port)).replace("$DIR", str(folder))
    (folder / "backend.conf").write_text(conf)
    process = pinned(LOAD_CORE, ["nginx", "-c", str(folder / "backend.conf")], folder / "log")
    return process, f"http://127.0.0.1:{port}"


def identity(folder: Path, url: str) -> str:
    """Write the documents of an OpenID provider to `folder`; a token of it (RS256), valid for a day."""
    import jwt
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": "bench", "use": "sig"}
    (folder / "openid").mkdir(exist_ok=True)
    document = {"issuer": url, "jwks_uri": f"{url}/openid/keys.json"}
    (folder / "openid" / "configuration.json").write_text(json.dumps(document))
    (folder / "openid" / "keys.json").write_text(json.dumps({"keys": [jwk]}))
    now = int(time.time())
    claims = {"iss": url, "aud": "bench", "sub": "ann", "roles": ["caller"], "nbf": now, "exp": now + 86_400}
    return str(jwt.encode(claims, key, "RS256", {"kid": "bench"}))
