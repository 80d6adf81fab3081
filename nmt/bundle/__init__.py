"""Released models: read, write and find bundles (docs/bundle.md). Imports no torch."""

from nmt.bundle.conversion import add_ctranslate2
from nmt.bundle.finding import (
    DEFAULT_BUNDLE,
    BundleSummary,
    find_bundle,
    list_bundles,
    packaged_bundles,
    summarise,
)
from nmt.bundle.reading import FORMAT_VERSION, Bundle, load_bundle
from nmt.bundle.writing import WeightsDtype, write_bundle

__all__ = [
    "DEFAULT_BUNDLE",
    "FORMAT_VERSION",
    "Bundle",
    "BundleSummary",
    "WeightsDtype",
    "add_ctranslate2",
    "find_bundle",
    "list_bundles",
    "load_bundle",
    "packaged_bundles",
    "summarise",
    "write_bundle",
]
