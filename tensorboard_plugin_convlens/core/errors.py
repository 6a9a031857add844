"""Errors whose texts are sentences: what happened, what was expected, what to do."""


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
    """Gradients of a layer that has none were requested; the text says why."""


class StorageError(ConvLensError):
    """A log directory cannot be written to."""


class FormatError(ConvLensError):
    """Stored bytes are damaged, cut short, or of a version this release cannot read."""


class UnreadableError(FormatError):
    """Stored bytes cannot be read now, because a disk or a file server fails."""


class TooLargeError(ConvLensError):
    """An answer would take more memory than one answer may; the text says which part."""


class NotCapturedError(ConvLensError):
    """The requested run, step, layer, input image or channel does not exist."""


class IncompleteError(ConvLensError):
    """Only part of the request could be done; the text says which part could not."""


class OutputError(ConvLensError):
    """The output of a command cannot be written, because the disk is full, for example."""


class MarkError(ConvLensError):
    """A mark or a change of marks is not valid: out of range, malformed, named twice."""


class UnknownOperationError(ConvLensError):
    """The store does not know the operation to undo."""


class StoreError(ConvLensError):
    """The marks cannot be kept, or read, where they should be; the text says what to do."""


class StoreFullError(StoreError):
    """Marks could not be kept, because there is no space; nothing was changed."""
