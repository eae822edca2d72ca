"""The mails that accounts get. No text of any user stands in them: a name must not carry somebody's advertisement to others."""

from datetime import datetime

from playground.kit.mail import Mail


class Letters:
    """Writes mails. Links lead to the page at `PUBLIC_URL`.

    Without it there are none: an address taken from a request would let anybody send others a link to a site of his own.
    """

    def __init__(self, public_url: str | None) -> None:
        self._public_url = public_url

    def reset_link(self, token: str) -> str | None:
        """To the page for a new password. After the `#`, so that no server and no log on the way sees the token."""
        return f"{self._public_url}/#/reset-password?token={token}" if self._public_url else None

    def invitation_link(self, token: str) -> str | None:
        """To the page for registering."""
        return f"{self._public_url}/#/register?invitation={token}" if self._public_url else None

    def reset(self, to: str, token: str, expires_at: datetime) -> Mail:
        """With which a new password is chosen."""
        link = self.reset_link(token)
        what_to_do = (
            f"Open this link to choose it:\n\n{link}"
            if link
            else "Enter this token on the page for a new password of your Playground, or send it as `token` to\n"
            f"POST /auth/reset-password, with the new `password`:\n\n{token}"
        )
        return Mail(
            "password_reset",
            to,
            "A new password for Playground",
            "Somebody, most likely you, asked for a new password for your account.\n\n"
            f"{what_to_do}\n\n"
            f"This works once, until {_when(expires_at)}. If it was not you, there is nothing to do: your password stays as it is.\n",
        )

    def invitation(self, to: str, token: str, expires_at: datetime) -> Mail:
        """With which somebody registers."""
        link = self.invitation_link(token)
        what_to_do = (
            f"Open this link to make your account:\n\n{link}"
            if link
            else "Enter this token when you register on the page of the Playground that you were told of, or send it as\n"
            f"`invitation` to POST /auth/register:\n\n{token}"
        )
        return Mail(
            "invitation",
            to,
            "You are invited to Playground",
            "You are invited to Playground, which shows the answers of many language models side by side.\n\n"
            f"{what_to_do}\n\n"
            f"This works once, for this address, until {_when(expires_at)}.\n",
        )


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
