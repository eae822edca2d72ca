"""The environment variables that HTTP clients read when they are created: proxies and certificates.

An invalid value would end the command with a traceback that names neither the variable nor a fix. This imports no client, so that
every command can check first: some clients already read certificates when they are imported.
"""

import os
import re
import ssl
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from playground.kit.no_proxy import make_readable, unreadable_entries

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_EXAMPLE = "an address such as http://127.0.0.1:3128"


def environment_faults(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the errors of these variables: a sentence for each, which names the variable and a fix."""
    return [*_proxy_faults(environment), *_certificate_faults(environment)]


def prepare_environment() -> list[str]:
    """Rewrite these variables in the form that every client reads, and return the errors of the rest."""
    for name in [name for name in os.environ if name.lower() in _PROXIES]:
        # `docker run --env-file` keeps quotes, and files with Windows line ends leave a carriage return.
        os.environ[name] = os.environ[name].strip().strip("\"'").strip()
    make_readable(os.environ)
    return environment_faults()


def _proxy_faults(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        if name.lower() in _PROXIES and value.strip():
            fault = _proxy_fault(value)
            if fault is not None:
                yield f"{name}={_without_password(value)} {fault}, or unset {name}."
        elif name.lower() == "no_proxy":
            for entry in unreadable_entries(value):
                yield (
                    f'{name}: "{entry}" is not a host. Write host names and addresses separated by commas, '
                    f"such as localhost,127.0.0.1,.example.org, or unset {name}."
                )


def _proxy_fault(value: str) -> str | None:
    try:
        url = urlsplit(value if "://" in value else f"http://{value}")
        port = url.port
    except ValueError:
        return f"is not an address: its host or port can't be read. Write {_EXAMPLE}"
    if url.scheme.startswith("socks"):
        return "is a SOCKS proxy, which is not supported. Write the address of an HTTP proxy, such as http://127.0.0.1:3128"
    if url.scheme not in ("http", "https"):
        return f"begins with {url.scheme}://, which is not supported for proxies. Write {_EXAMPLE}"
    written = value.strip()
    if not url.hostname or port == 0 or not written.isprintable() or " " in written or not _is_host(url.hostname):
        return f"is not an address. Write {_EXAMPLE}"
    return None


def _is_host(name: str) -> bool:
    try:
        if re.fullmatch(r"[\d.]+", name, re.ASCII):
            ip_address(name)
        elif not name.isascii():
            import idna  # noqa: PLC0415 - rarely needed

            idna.encode(name)
    except ValueError:
        return False
    return True


def _without_password(value: str) -> str:
    """Return a proxy's address without its password, in which `@` and `/` are often not escaped."""
    return re.sub(r"//.*@", "//…@", value if "://" in value else f"//{value}").removeprefix("//")


def _certificate_faults(environment: Mapping[str, str]) -> Iterator[str]:
    file, folder, key_log = (environment.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"))
    if file:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
        except ssl.SSLError:
            yield f"SSL_CERT_FILE={file} contains no PEM certificate. Set it to a file of root certificates, or unset SSL_CERT_FILE."
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            yield f"SSL_CERT_FILE={file} can't be read: {reason}. Set it to a file of root certificates, or unset SSL_CERT_FILE."
    if folder:
        missing = [part for part in folder.split(os.pathsep) if part and not Path(part).is_dir()]
        if missing:
            yield (
                f"SSL_CERT_DIR={folder}: the folder {missing[0]} doesn't exist. "
                "Set it to a folder of root certificates, or unset SSL_CERT_DIR."
            )
    if key_log:
        try:
            with Path(key_log).open("ab"):
                pass
        except OSError as error:
            yield f"SSLKEYLOGFILE={key_log} can't be written: {error.strerror}. Set it to a writable file, or unset SSLKEYLOGFILE."
