"""What can go wrong, as sentences: what happened to what, expected and got, what to do."""


class ConvLensError(Exception):
    """A fault that a person can act on; its text is a full sentence for them."""


class InputError(ConvLensError):
    """Input images do not fit the model: wrong shape, type, number or values."""


class NoConvolutionError(ConvLensError):
    """The model, or the chosen layers, have no convolution to look at."""


class UnknownLayerError(ConvLensError):
    """A layer was named that the model does not have."""


class UnsupportedModelError(ConvLensError):
    """The kind of model cannot be captured."""


class NoGradientError(ConvLensError):
    """Gradients were asked for of a layer that has none; the text says why."""


class StorageError(ConvLensError):
    """A log directory cannot be written to."""


class FormatError(ConvLensError):
    """Stored bytes are damaged, cut short, or of a version this release cannot read."""


class UnreadableError(FormatError):
    """Stored bytes cannot be read at the moment: a disk or a file server fails."""


class TooLargeError(ConvLensError):
    """An answer would take more memory than one answer may; the text says what of it."""


class NotCapturedError(ConvLensError):
    """A run, step, layer, input image or channel was asked for that is not there."""


class IncompleteError(ConvLensError):
    """Some of what was asked for is done, the rest could not be; the text says what."""


class OutputError(ConvLensError):
    """What a command prints cannot be written, as on a full disk."""


class MarkError(ConvLensError):
    """A mark, or a change of marks, that cannot be: out of range, malformed, named twice."""


class UnknownOperationError(ConvLensError):
    """An operation was to be undone that the store does not know."""


class StoreError(ConvLensError):
    """The marks cannot be kept, or read, where they should be; the text says what to do."""


class StoreFullError(StoreError):
    """Marks could not be kept for want of space; nothing was changed."""
