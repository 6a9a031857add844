"""What TensorBoard loads at every start, whether or not ConvLens is looked at.

An exception while this module is imported, or in `define_flags` or `fix_flags`, would end
TensorBoard for everyone who has the package installed. So nothing is imported here but
TensorBoard's own base class, and every fault costs no more than the tab.
"""

from __future__ import annotations

import argparse
import logging
from typing import TYPE_CHECKING

from tensorboard.plugins import base_plugin

if TYPE_CHECKING:
    from tensorboard_plugin_convlens.server.plugin import ConvLensPlugin

logger = logging.getLogger(__name__)


class ConvLensLoader(base_plugin.TBLoader):
    """Makes the ConvLens plugin once TensorBoard's flags are known."""

    def fix_flags(self, flags: argparse.Namespace) -> None:
        """Asks TensorBoard to keep every step of self-contained summaries.

        It would otherwise keep 10 at random of each tag, mostly without the first step.
        `--samples_per_plugin convlens=N` chooses otherwise.
        """
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
