"""What TensorBoard loads at every start, whether or not ConvLens is looked at.

An exception while this module is imported, or in `define_flags` or `fix_flags`, would end
TensorBoard for everyone who has the package installed. So nothing is imported here but
TensorBoard's own base class, and every fault costs no more than the tab.
"""

from __future__ import annotations

import argparse
import ipaddress
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tensorboard.plugins import base_plugin

if TYPE_CHECKING:
    from tensorboard_plugin_convlens.server.plugin import ConvLensPlugin

logger = logging.getLogger(__name__)

_DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
_FLAGS: dict[str, dict[str, Any]] = {
    "--convlens_db": {
        "metavar": "URL",
        "default": "",
        "help": "where marks of filters are kept: sqlite:///PATH, or for a team "
        "postgresql+psycopg://USER@HOST/DATABASE (default: beside the logs)",
    },
    "--convlens_collection": {
        "metavar": "NAME",
        "default": "",
        "help": "name of this log directory's marks in a shared database "
        "(default: its absolute path)",
    },
    "--convlens_readonly": {"action": "store_true", "help": "let nobody change marks"},
    "--convlens_allow_writes": {
        "action": "store_true",
        "help": "let everyone who reaches this TensorBoard change marks, even with --bind_all",
    },
    "--convlens_allowed_hosts": {
        "metavar": "HOST",
        "nargs": "+",
        "default": [],
        "help": "host names that this TensorBoard answers to, besides localhost and IP "
        "addresses; .example.org means all names below it",
    },
    "--convlens_trusted_proxies": {
        "metavar": "ADDRESS",
        "nargs": "+",
        "default": [],
        "help": "addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Host "
        "are trusted, such as 127.0.0.1 or 10.0.0.0/8",
    },
}


class ConvLensLoader(base_plugin.TBLoader):
    """Makes the ConvLens plugin once TensorBoard's flags are known."""

    def define_flags(self, parser: argparse.ArgumentParser) -> None:
        """Adds `--convlens_…`."""
        try:
            group = parser.add_argument_group("ConvLens plugin")
            for name, options in _FLAGS.items():
                group.add_argument(name, **options)
        except Exception:
            logger.exception(
                "ConvLens could not add its flags; TensorBoard starts without them."
            )

    def fix_flags(self, flags: argparse.Namespace) -> None:
        """Asks TensorBoard to keep every step of self-contained summaries.

        It would otherwise keep 10 at random of each tag, mostly without the first step.
        `--samples_per_plugin convlens=N` chooses otherwise.

        Raises:
          FlagsError: `--convlens_db` names no database, or `--convlens_trusted_proxies` no
            addresses; TensorBoard then says so and ends.
        """
        database = getattr(flags, "convlens_db", "") or ""
        if database and not database.startswith(_DATABASES):
            raise base_plugin.FlagsError(
                "--convlens_db must be sqlite:///PATH or "
                "postgresql+psycopg://USER@HOST/DATABASE."
            )
        _check_proxies(getattr(flags, "convlens_trusted_proxies", None) or ())
        try:
            # 0 is TensorBoard's word for "all".
            flags.samples_per_plugin = {"convlens": 0, **(flags.samples_per_plugin or {})}
        except Exception:
            logger.exception(
                "ConvLens could not ask TensorBoard to keep every step; filter images "
                "logged with summary.filter_images may lack steps. Pass "
                "--samples_per_plugin convlens=0 to keep them."
            )

    def load(self, context: base_plugin.TBContext) -> ConvLensPlugin | None:
        """The plugin, or None, with the reason in the log, if it cannot start."""
        try:
            from tensorboard_plugin_convlens.server.plugin import ConvLensPlugin

            return ConvLensPlugin(context)
        except Exception:
            logger.exception(
                "The ConvLens tab could not be loaded; TensorBoard starts without it. "
                "Reinstall tensorboard-plugin-convlens if the fault below names its files."
            )
            return None


def _check_proxies(proxies: Sequence[str]) -> None:
    """Raises `FlagsError` if one of them is no address."""
    for proxy in proxies:
        try:
            ipaddress.ip_network("127.0.0.1" if proxy == "localhost" else proxy, strict=False)
        except ValueError:
            raise base_plugin.FlagsError(
                f"--convlens_trusted_proxies: {proxy!r} is not an address; expected addresses "
                "or networks such as 127.0.0.1, ::1 or 10.0.0.0/8."
            ) from None
