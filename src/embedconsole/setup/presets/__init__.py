"""Schemas that are known: their query and mapping as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.setup.presets.bagisto import BAGISTO
from embedconsole.setup.presets.legacy import LEGACY_FLAGS, LEGACY_IMAGES, LEGACY_TIMESTAMPS
from embedconsole.setup.presets.woocommerce import WOOCOMMERCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.setup.presets.preset import Preset

PRESETS: Mapping[str, Preset] = {
    preset.name: preset for preset in (LEGACY_FLAGS, LEGACY_TIMESTAMPS, LEGACY_IMAGES, WOOCOMMERCE, BAGISTO)
}
"""By name, the more particular ones first."""
