"""The mails that accounts get. They never contain text from users: a name could carry advertising to other people."""

from datetime import datetime

from playground.kit.mail import Mail


class AccountMails:
    """Composes mails. Links lead to the page at `PUBLIC_URL`.

    Without it, mails have no links: with an address from the request, anyone could send other people links to their own site.
    """

    def __init__(self, public_url: str | None) -> None:
        self._public_url = public_url

    def reset_link(self, token: str) -> str | None:
        """Return the link to the password reset page. The token is after the `#`, so that no server or log sees it."""
        return f"{self._public_url}/#/reset-password?token={token}" if self._public_url else None

    def invitation_link(self, token: str) -> str | None:
        """Return the link to the registration page."""
        return f"{self._public_url}/#/register?invitation={token}" if self._public_url else None

    def reset(self, to: str, token: str, expires_at: datetime) -> Mail:
        """Return the mail for a password reset."""
        link = self.reset_link(token)
        what_to_do = (
            f"Open this link to choose a new password:\n\n{link}"
            if link
            else "Enter this token on your Playground's password reset page, or send it as `token` with the new\n"
            f"`password` to POST /auth/reset-password:\n\n{token}"
        )
        return Mail(
            "password_reset",
            to,
            "Reset your Playground password",
            "Someone, most likely you, asked to reset the password of your Playground account.\n\n"
            f"{what_to_do}\n\n"
            f"It works once and expires on {_when(expires_at)}. If this wasn't you, ignore this mail: your password stays the same.\n",
        )

    def invitation(self, to: str, token: str, expires_at: datetime) -> Mail:
        """Return the mail for an invitation."""
        link = self.invitation_link(token)
        what_to_do = (
            f"Open this link to create your account:\n\n{link}"
            if link
            else "Enter this token on the Playground's page when you create your account, or send it as `invitation`\n"
            f"to POST /auth/register:\n\n{token}"
        )
        return Mail(
            "invitation",
            to,
            "You are invited to Playground",
            "You are invited to Playground, where you can compare the answers of many language models side by side.\n\n"
            f"{what_to_do}\n\n"
            f"It works once, only for this email address, and expires on {_when(expires_at)}.\n",
        )


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
