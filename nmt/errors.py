"""Every error the library raises.

    NmtError
    ├── ConfigError             a setting is unknown, of the wrong type or out of range
    ├── InputError              the text or file to translate cannot be used as given
    │   └── DocumentError           a document cannot be read: corrupt, encrypted, …
    │       ├── DocumentFormatError     it is of no format that can be translated
    │       └── DocumentTooLargeError   it is too large, packed or unpacked
    ├── PackageMissingError     an optional package is not installed (says what to install)
    ├── TokenizerError
    │   ├── AnalyzerMissingError    a morpheme analyzer is not installed (says what to install)
    │   └── TokenizerMismatchError  analyzer or version differs from the one trained with
    ├── BundleError
    │   ├── BundleNotFoundError     no bundle of that name or at that path
    │   ├── BundleVersionError      written by a newer format
    │   └── BundleCorruptError      a file is missing or its hash differs
    └── EngineError
        └── EngineUnavailableError  the engine or device is not on this machine

A message says what was given, what is allowed and what to do.
"""


class NmtError(Exception):
    """Base of every error of this library."""


class ConfigError(NmtError, ValueError):
    """A setting is unknown, of the wrong type or out of range."""


class InputError(NmtError, ValueError):
    """The text or file to translate cannot be used as given."""


class DocumentError(InputError):
    """A document cannot be read, or not be written."""


class DocumentFormatError(DocumentError):
    """A document is of no format that can be translated."""


class DocumentTooLargeError(DocumentError):
    """A document is too large, packed or unpacked."""


class PackageMissingError(NmtError):
    """A package of an optional extra is not installed; the message says what to install."""


class TokenizerError(NmtError):
    """A tokenizer could not be trained, loaded or used."""


class AnalyzerMissingError(TokenizerError):
    """A morpheme analyzer is not installed; the message says what to install."""


class TokenizerMismatchError(TokenizerError):
    """The analyzer or its version differs from the one the model was trained with."""


class BundleError(NmtError):
    """A bundle could not be found, read or written."""


class BundleNotFoundError(BundleError):
    """No bundle has that name or lies at that path."""


class BundleVersionError(BundleError):
    """The bundle was written in a format that this version does not know."""


class BundleCorruptError(BundleError):
    """A file of the bundle is missing or its SHA-256 differs."""


class EngineError(NmtError):
    """An engine could not run."""


class EngineUnavailableError(EngineError):
    """The engine or device asked for is not on this machine."""
