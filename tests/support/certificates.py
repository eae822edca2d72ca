"""Certificates that only those trust who are told to."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Certificate:
    """A certificate for hosts of these names or addresses, with its key; an authority too where no other one signs it."""

    def __init__(self, *hosts: str, signer: "Certificate | None" = None) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, hosts[0])])
        issuer, now = signer or self, datetime.now(UTC)
        self._signed = (
            x509.CertificateBuilder(issuer._subject, self._subject, self._key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
            .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
            .sign(issuer._key, hashes.SHA256())
        )

    def write(self, path: Path) -> Path:
        """Both in one file, which serves those who show the certificate and those who trust it."""
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.write_bytes(self._signed.public_bytes(serialization.Encoding.PEM) + self._key.private_bytes(*form))
        return path


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
