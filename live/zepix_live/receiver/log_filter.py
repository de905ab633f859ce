"""Keeps secrets out of the log: whatever a line, its arguments or its traceback hold, the secrets in it are blotted."""

from __future__ import annotations

import logging

from zepix_live.secrets_file import Secrets

__all__ = ["SecretFilter"]


class SecretFilter(logging.Filter):
    """For a handler: every record passes, without the secrets."""

    def __init__(self, secrets: Secrets) -> None:
        super().__init__()
        self._secrets = secrets
        self._formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Blots the record in place."""
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - a line that cannot be written is no reason to stop
            text = str(record.msg)
        record.msg, record.args = self._secrets.blot(text), ()
        if record.exc_info:
            record.exc_text = record.exc_text or self._formatter.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._secrets.blot(record.exc_text)
        return True
