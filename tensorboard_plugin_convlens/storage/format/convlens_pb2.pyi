from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Method(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    METHOD_UNSPECIFIED: _ClassVar[Method]
    ACTIVATION: _ClassVar[Method]
    GUIDED: _ClassVar[Method]
    GRADIENT: _ClassVar[Method]
    KERNEL: _ClassVar[Method]

class Form(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FORM_UNSPECIFIED: _ClassVar[Form]
    VALUES: _ClassVar[Form]
    MAGNITUDE: _ClassVar[Form]

class Target(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TARGET_UNSPECIFIED: _ClassVar[Target]
    MAX: _ClassVar[Target]
    SUM: _ClassVar[Target]

class ActivationStage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTIVATION_STAGE_UNSPECIFIED: _ClassVar[ActivationStage]
    BEFORE: _ClassVar[ActivationStage]
    AFTER: _ClassVar[ActivationStage]
    NONE: _ClassVar[ActivationStage]

class ColorOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RGB: _ClassVar[ColorOrder]
    BGR: _ClassVar[ColorOrder]

class Fill(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FILL_UNSPECIFIED: _ClassVar[Fill]
    ZERO: _ClassVar[Fill]
    MEAN: _ClassVar[Fill]
METHOD_UNSPECIFIED: Method
ACTIVATION: Method
GUIDED: Method
GRADIENT: Method
KERNEL: Method
FORM_UNSPECIFIED: Form
VALUES: Form
MAGNITUDE: Form
TARGET_UNSPECIFIED: Target
MAX: Target
SUM: Target
ACTIVATION_STAGE_UNSPECIFIED: ActivationStage
BEFORE: ActivationStage
AFTER: ActivationStage
NONE: ActivationStage
RGB: ColorOrder
BGR: ColorOrder
FILL_UNSPECIFIED: Fill
ZERO: Fill
MEAN: Fill

class PluginData(_message.Message):
    __slots__ = ("format_version", "directory", "packed")
    FORMAT_VERSION_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    PACKED_FIELD_NUMBER: _ClassVar[int]
    format_version: int
    directory: Directory
    packed: PackedTag
    def __init__(self, format_version: _Optional[int] = ..., directory: _Optional[_Union[Directory, _Mapping]] = ..., packed: _Optional[_Union[PackedTag, _Mapping]] = ...) -> None: ...

class Directory(_message.Message):
    __slots__ = ("path",)
    PATH_FIELD_NUMBER: _ClassVar[int]
    path: str
    def __init__(self, path: _Optional[str] = ...) -> None: ...

class PackedTag(_message.Message):
    __slots__ = ("name", "method", "input")
    NAME_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    name: str
    method: Method
    input: int
    def __init__(self, name: _Optional[str] = ..., method: _Optional[_Union[Method, str]] = ..., input: _Optional[int] = ...) -> None: ...

class PackedSheet(_message.Message):
    __slots__ = ("sheet", "statistics", "input", "sha256")
    SHEET_FIELD_NUMBER: _ClassVar[int]
    STATISTICS_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    sheet: Sheet
    statistics: _containers.RepeatedCompositeFieldContainer[Statistic]
    input: InputImage
    sha256: bytes
    def __init__(self, sheet: _Optional[_Union[Sheet, _Mapping]] = ..., statistics: _Optional[_Iterable[_Union[Statistic, _Mapping]]] = ..., input: _Optional[_Union[InputImage, _Mapping]] = ..., sha256: _Optional[bytes] = ...) -> None: ...

class ModelGraph(_message.Message):
    __slots__ = ("format_version", "name", "fingerprint", "layers")
    FORMAT_VERSION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    format_version: int
    name: str
    fingerprint: str
    layers: _containers.RepeatedCompositeFieldContainer[Layer]
    def __init__(self, format_version: _Optional[int] = ..., name: _Optional[str] = ..., fingerprint: _Optional[str] = ..., layers: _Optional[_Iterable[_Union[Layer, _Mapping]]] = ...) -> None: ...

class Layer(_message.Message):
    __slots__ = ("path", "call", "class_name", "depth", "inbound", "output_shape", "channels", "is_convolution", "kernel_size", "strides", "dilation", "padding", "groups", "data_format", "activation_function", "activation_stage", "parameters", "receptive_field", "config")
    PATH_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    CLASS_NAME_FIELD_NUMBER: _ClassVar[int]
    DEPTH_FIELD_NUMBER: _ClassVar[int]
    INBOUND_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_SHAPE_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    IS_CONVOLUTION_FIELD_NUMBER: _ClassVar[int]
    KERNEL_SIZE_FIELD_NUMBER: _ClassVar[int]
    STRIDES_FIELD_NUMBER: _ClassVar[int]
    DILATION_FIELD_NUMBER: _ClassVar[int]
    PADDING_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    DATA_FORMAT_FIELD_NUMBER: _ClassVar[int]
    ACTIVATION_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    ACTIVATION_STAGE_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    RECEPTIVE_FIELD_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    path: str
    call: int
    class_name: str
    depth: int
    inbound: _containers.RepeatedScalarFieldContainer[int]
    output_shape: _containers.RepeatedScalarFieldContainer[int]
    channels: int
    is_convolution: bool
    kernel_size: _containers.RepeatedScalarFieldContainer[int]
    strides: _containers.RepeatedScalarFieldContainer[int]
    dilation: _containers.RepeatedScalarFieldContainer[int]
    padding: str
    groups: int
    data_format: str
    activation_function: str
    activation_stage: ActivationStage
    parameters: int
    receptive_field: ReceptiveField
    config: str
    def __init__(self, path: _Optional[str] = ..., call: _Optional[int] = ..., class_name: _Optional[str] = ..., depth: _Optional[int] = ..., inbound: _Optional[_Iterable[int]] = ..., output_shape: _Optional[_Iterable[int]] = ..., channels: _Optional[int] = ..., is_convolution: bool = ..., kernel_size: _Optional[_Iterable[int]] = ..., strides: _Optional[_Iterable[int]] = ..., dilation: _Optional[_Iterable[int]] = ..., padding: _Optional[str] = ..., groups: _Optional[int] = ..., data_format: _Optional[str] = ..., activation_function: _Optional[str] = ..., activation_stage: _Optional[_Union[ActivationStage, str]] = ..., parameters: _Optional[int] = ..., receptive_field: _Optional[_Union[ReceptiveField, _Mapping]] = ..., config: _Optional[str] = ...) -> None: ...

class ReceptiveField(_message.Message):
    __slots__ = ("size", "stride", "start")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    STRIDE_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    size: _containers.RepeatedScalarFieldContainer[int]
    stride: _containers.RepeatedScalarFieldContainer[int]
    start: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, size: _Optional[_Iterable[int]] = ..., stride: _Optional[_Iterable[int]] = ..., start: _Optional[_Iterable[int]] = ...) -> None: ...

class InputImages(_message.Message):
    __slots__ = ("format_version", "fingerprint", "inputs", "class_names", "color_order")
    FORMAT_VERSION_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    CLASS_NAMES_FIELD_NUMBER: _ClassVar[int]
    COLOR_ORDER_FIELD_NUMBER: _ClassVar[int]
    format_version: int
    fingerprint: str
    inputs: _containers.RepeatedCompositeFieldContainer[InputImage]
    class_names: _containers.RepeatedScalarFieldContainer[str]
    color_order: ColorOrder
    def __init__(self, format_version: _Optional[int] = ..., fingerprint: _Optional[str] = ..., inputs: _Optional[_Iterable[_Union[InputImage, _Mapping]]] = ..., class_names: _Optional[_Iterable[str]] = ..., color_order: _Optional[_Union[ColorOrder, str]] = ...) -> None: ...

class InputImage(_message.Message):
    __slots__ = ("label", "pictures", "class_index")
    LABEL_FIELD_NUMBER: _ClassVar[int]
    PICTURES_FIELD_NUMBER: _ClassVar[int]
    CLASS_INDEX_FIELD_NUMBER: _ClassVar[int]
    label: str
    pictures: _containers.RepeatedCompositeFieldContainer[Picture]
    class_index: int
    def __init__(self, label: _Optional[str] = ..., pictures: _Optional[_Iterable[_Union[Picture, _Mapping]]] = ..., class_index: _Optional[int] = ...) -> None: ...

class Picture(_message.Message):
    __slots__ = ("height", "width", "png")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    PNG_FIELD_NUMBER: _ClassVar[int]
    height: int
    width: int
    png: bytes
    def __init__(self, height: _Optional[int] = ..., width: _Optional[int] = ..., png: _Optional[bytes] = ...) -> None: ...

class Manifest(_message.Message):
    __slots__ = ("format_version", "step", "wall_time", "session", "graph_fingerprint", "inputs_fingerprint", "layers", "predictions", "skipped", "iterations", "seconds", "packs", "model_sha256", "arrays_sha256", "asked", "after", "remark", "changes_since", "changes_unknown")
    FORMAT_VERSION_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    WALL_TIME_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    GRAPH_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    PREDICTIONS_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    ITERATIONS_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    PACKS_FIELD_NUMBER: _ClassVar[int]
    MODEL_SHA256_FIELD_NUMBER: _ClassVar[int]
    ARRAYS_SHA256_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    REMARK_FIELD_NUMBER: _ClassVar[int]
    CHANGES_SINCE_FIELD_NUMBER: _ClassVar[int]
    CHANGES_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    format_version: int
    step: int
    wall_time: float
    session: str
    graph_fingerprint: str
    inputs_fingerprint: str
    layers: _containers.RepeatedCompositeFieldContainer[LayerCapture]
    predictions: _containers.RepeatedCompositeFieldContainer[Prediction]
    skipped: _containers.RepeatedCompositeFieldContainer[Skipped]
    iterations: int
    seconds: float
    packs: _containers.RepeatedScalarFieldContainer[str]
    model_sha256: bytes
    arrays_sha256: bytes
    asked: Asked
    after: str
    remark: str
    changes_since: int
    changes_unknown: str
    def __init__(self, format_version: _Optional[int] = ..., step: _Optional[int] = ..., wall_time: _Optional[float] = ..., session: _Optional[str] = ..., graph_fingerprint: _Optional[str] = ..., inputs_fingerprint: _Optional[str] = ..., layers: _Optional[_Iterable[_Union[LayerCapture, _Mapping]]] = ..., predictions: _Optional[_Iterable[_Union[Prediction, _Mapping]]] = ..., skipped: _Optional[_Iterable[_Union[Skipped, _Mapping]]] = ..., iterations: _Optional[int] = ..., seconds: _Optional[float] = ..., packs: _Optional[_Iterable[str]] = ..., model_sha256: _Optional[bytes] = ..., arrays_sha256: _Optional[bytes] = ..., asked: _Optional[_Union[Asked, _Mapping]] = ..., after: _Optional[str] = ..., remark: _Optional[str] = ..., changes_since: _Optional[int] = ..., changes_unknown: _Optional[str] = ...) -> None: ...

class Traits(_message.Message):
    __slots__ = ("format_version", "step", "session", "layers")
    FORMAT_VERSION_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    format_version: int
    step: int
    session: str
    layers: _containers.RepeatedCompositeFieldContainer[LayerTraits]
    def __init__(self, format_version: _Optional[int] = ..., step: _Optional[int] = ..., session: _Optional[str] = ..., layers: _Optional[_Iterable[_Union[LayerTraits, _Mapping]]] = ...) -> None: ...

class LayerTraits(_message.Message):
    __slots__ = ("layer", "kernels_shape", "kernels", "profiles_shape", "profiles")
    LAYER_FIELD_NUMBER: _ClassVar[int]
    KERNELS_SHAPE_FIELD_NUMBER: _ClassVar[int]
    KERNELS_FIELD_NUMBER: _ClassVar[int]
    PROFILES_SHAPE_FIELD_NUMBER: _ClassVar[int]
    PROFILES_FIELD_NUMBER: _ClassVar[int]
    layer: int
    kernels_shape: _containers.RepeatedScalarFieldContainer[int]
    kernels: bytes
    profiles_shape: _containers.RepeatedScalarFieldContainer[int]
    profiles: bytes
    def __init__(self, layer: _Optional[int] = ..., kernels_shape: _Optional[_Iterable[int]] = ..., kernels: _Optional[bytes] = ..., profiles_shape: _Optional[_Iterable[int]] = ..., profiles: _Optional[bytes] = ...) -> None: ...

class Asked(_message.Message):
    __slots__ = ("methods", "target", "layers")
    METHODS_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    methods: _containers.RepeatedScalarFieldContainer[Method]
    target: Target
    layers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, methods: _Optional[_Iterable[_Union[Method, str]]] = ..., target: _Optional[_Union[Target, str]] = ..., layers: _Optional[_Iterable[str]] = ...) -> None: ...

class ManifestOutline(_message.Message):
    __slots__ = ("format_version", "step", "wall_time", "session", "graph_fingerprint", "inputs_fingerprint", "layers", "packs", "after")
    FORMAT_VERSION_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    WALL_TIME_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    GRAPH_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    PACKS_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    format_version: int
    step: int
    wall_time: float
    session: str
    graph_fingerprint: str
    inputs_fingerprint: str
    layers: _containers.RepeatedScalarFieldContainer[bytes]
    packs: _containers.RepeatedScalarFieldContainer[str]
    after: str
    def __init__(self, format_version: _Optional[int] = ..., step: _Optional[int] = ..., wall_time: _Optional[float] = ..., session: _Optional[str] = ..., graph_fingerprint: _Optional[str] = ..., inputs_fingerprint: _Optional[str] = ..., layers: _Optional[_Iterable[bytes]] = ..., packs: _Optional[_Iterable[str]] = ..., after: _Optional[str] = ...) -> None: ...

class LayerNumbers(_message.Message):
    __slots__ = ("layer", "statistics", "weights_unchanged_since", "unchanged_since")
    LAYER_FIELD_NUMBER: _ClassVar[int]
    STATISTICS_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_UNCHANGED_SINCE_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_SINCE_FIELD_NUMBER: _ClassVar[int]
    layer: int
    statistics: _containers.RepeatedCompositeFieldContainer[RawStatistic]
    weights_unchanged_since: int
    unchanged_since: int
    def __init__(self, layer: _Optional[int] = ..., statistics: _Optional[_Iterable[_Union[RawStatistic, _Mapping]]] = ..., weights_unchanged_since: _Optional[int] = ..., unchanged_since: _Optional[int] = ...) -> None: ...

class LayerCapture(_message.Message):
    __slots__ = ("layer", "sheets", "statistics", "guidance", "weights_sha256", "lineage_sha256", "weights_unchanged_since", "unchanged_since")
    LAYER_FIELD_NUMBER: _ClassVar[int]
    SHEETS_FIELD_NUMBER: _ClassVar[int]
    STATISTICS_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_SHA256_FIELD_NUMBER: _ClassVar[int]
    LINEAGE_SHA256_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_UNCHANGED_SINCE_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_SINCE_FIELD_NUMBER: _ClassVar[int]
    layer: int
    sheets: _containers.RepeatedCompositeFieldContainer[Sheet]
    statistics: _containers.RepeatedCompositeFieldContainer[Statistic]
    guidance: Guidance
    weights_sha256: bytes
    lineage_sha256: bytes
    weights_unchanged_since: int
    unchanged_since: int
    def __init__(self, layer: _Optional[int] = ..., sheets: _Optional[_Iterable[_Union[Sheet, _Mapping]]] = ..., statistics: _Optional[_Iterable[_Union[Statistic, _Mapping]]] = ..., guidance: _Optional[_Union[Guidance, _Mapping]] = ..., weights_sha256: _Optional[bytes] = ..., lineage_sha256: _Optional[bytes] = ..., weights_unchanged_since: _Optional[int] = ..., unchanged_since: _Optional[int] = ...) -> None: ...

class Sheet(_message.Message):
    __slots__ = ("method", "form", "input", "channels", "planes", "height", "width", "signed", "scale", "nan", "infinite", "sha256", "pack", "offset", "length", "channels_per_segment", "segments", "target", "placement", "stage", "cropped", "segment_crc32")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    FORM_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    PLANES_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    SIGNED_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    NAN_FIELD_NUMBER: _ClassVar[int]
    INFINITE_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    PACK_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_PER_SEGMENT_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    CROPPED_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_CRC32_FIELD_NUMBER: _ClassVar[int]
    method: Method
    form: Form
    input: int
    channels: int
    planes: int
    height: int
    width: int
    signed: bool
    scale: _containers.RepeatedScalarFieldContainer[float]
    nan: _containers.RepeatedScalarFieldContainer[int]
    infinite: _containers.RepeatedScalarFieldContainer[int]
    sha256: bytes
    pack: int
    offset: int
    length: int
    channels_per_segment: int
    segments: _containers.RepeatedScalarFieldContainer[int]
    target: Target
    placement: Placement
    stage: ActivationStage
    cropped: bool
    segment_crc32: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, method: _Optional[_Union[Method, str]] = ..., form: _Optional[_Union[Form, str]] = ..., input: _Optional[int] = ..., channels: _Optional[int] = ..., planes: _Optional[int] = ..., height: _Optional[int] = ..., width: _Optional[int] = ..., signed: bool = ..., scale: _Optional[_Iterable[float]] = ..., nan: _Optional[_Iterable[int]] = ..., infinite: _Optional[_Iterable[int]] = ..., sha256: _Optional[bytes] = ..., pack: _Optional[int] = ..., offset: _Optional[int] = ..., length: _Optional[int] = ..., channels_per_segment: _Optional[int] = ..., segments: _Optional[_Iterable[int]] = ..., target: _Optional[_Union[Target, str]] = ..., placement: _Optional[_Union[Placement, _Mapping]] = ..., stage: _Optional[_Union[ActivationStage, str]] = ..., cropped: bool = ..., segment_crc32: _Optional[_Iterable[int]] = ...) -> None: ...

class Placement(_message.Message):
    __slots__ = ("height", "width", "source", "top", "left", "unit_row", "unit_column")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TOP_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    UNIT_ROW_FIELD_NUMBER: _ClassVar[int]
    UNIT_COLUMN_FIELD_NUMBER: _ClassVar[int]
    height: int
    width: int
    source: int
    top: _containers.RepeatedScalarFieldContainer[int]
    left: _containers.RepeatedScalarFieldContainer[int]
    unit_row: _containers.RepeatedScalarFieldContainer[int]
    unit_column: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, height: _Optional[int] = ..., width: _Optional[int] = ..., source: _Optional[int] = ..., top: _Optional[_Iterable[int]] = ..., left: _Optional[_Iterable[int]] = ..., unit_row: _Optional[_Iterable[int]] = ..., unit_column: _Optional[_Iterable[int]] = ...) -> None: ...

class Statistic(_message.Message):
    __slots__ = ("name", "input", "values", "stage")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    name: str
    input: int
    values: _containers.RepeatedScalarFieldContainer[float]
    stage: ActivationStage
    def __init__(self, name: _Optional[str] = ..., input: _Optional[int] = ..., values: _Optional[_Iterable[float]] = ..., stage: _Optional[_Union[ActivationStage, str]] = ...) -> None: ...

class RawStatistic(_message.Message):
    __slots__ = ("name", "input", "values", "stage")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    name: str
    input: int
    values: bytes
    stage: ActivationStage
    def __init__(self, name: _Optional[str] = ..., input: _Optional[int] = ..., values: _Optional[bytes] = ..., stage: _Optional[_Union[ActivationStage, str]] = ...) -> None: ...

class Guidance(_message.Message):
    __slots__ = ("guided", "rectifiers", "ungated")
    GUIDED_FIELD_NUMBER: _ClassVar[int]
    RECTIFIERS_FIELD_NUMBER: _ClassVar[int]
    UNGATED_FIELD_NUMBER: _ClassVar[int]
    guided: int
    rectifiers: int
    ungated: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, guided: _Optional[int] = ..., rectifiers: _Optional[int] = ..., ungated: _Optional[_Iterable[str]] = ...) -> None: ...

class Prediction(_message.Message):
    __slots__ = ("input", "output", "probabilities")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    input: int
    output: str
    probabilities: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, input: _Optional[int] = ..., output: _Optional[str] = ..., probabilities: _Optional[_Iterable[float]] = ...) -> None: ...

class Skipped(_message.Message):
    __slots__ = ("what", "reason")
    WHAT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    what: str
    reason: str
    def __init__(self, what: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class Ablation(_message.Message):
    __slots__ = ("format_version", "wall_time", "graph_fingerprint", "step", "model", "samples", "seed", "metrics", "baseline", "choices", "layers")
    FORMAT_VERSION_FIELD_NUMBER: _ClassVar[int]
    WALL_TIME_FIELD_NUMBER: _ClassVar[int]
    GRAPH_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    format_version: int
    wall_time: float
    graph_fingerprint: str
    step: int
    model: str
    samples: int
    seed: int
    metrics: _containers.RepeatedScalarFieldContainer[str]
    baseline: Measured
    choices: _containers.RepeatedCompositeFieldContainer[AblationChoice]
    layers: _containers.RepeatedCompositeFieldContainer[LayerAblation]
    def __init__(self, format_version: _Optional[int] = ..., wall_time: _Optional[float] = ..., graph_fingerprint: _Optional[str] = ..., step: _Optional[int] = ..., model: _Optional[str] = ..., samples: _Optional[int] = ..., seed: _Optional[int] = ..., metrics: _Optional[_Iterable[str]] = ..., baseline: _Optional[_Union[Measured, _Mapping]] = ..., choices: _Optional[_Iterable[_Union[AblationChoice, _Mapping]]] = ..., layers: _Optional[_Iterable[_Union[LayerAblation, _Mapping]]] = ...) -> None: ...

class Measured(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, values: _Optional[_Iterable[float]] = ...) -> None: ...

class AblationChoice(_message.Message):
    __slots__ = ("name", "fill", "filters", "trials")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FILL_FIELD_NUMBER: _ClassVar[int]
    FILTERS_FIELD_NUMBER: _ClassVar[int]
    TRIALS_FIELD_NUMBER: _ClassVar[int]
    name: str
    fill: Fill
    filters: _containers.RepeatedCompositeFieldContainer[LayerFilters]
    trials: _containers.RepeatedCompositeFieldContainer[Measured]
    def __init__(self, name: _Optional[str] = ..., fill: _Optional[_Union[Fill, str]] = ..., filters: _Optional[_Iterable[_Union[LayerFilters, _Mapping]]] = ..., trials: _Optional[_Iterable[_Union[Measured, _Mapping]]] = ...) -> None: ...

class LayerFilters(_message.Message):
    __slots__ = ("layer", "channels")
    LAYER_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    layer: str
    channels: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, layer: _Optional[str] = ..., channels: _Optional[_Iterable[int]] = ...) -> None: ...

class LayerAblation(_message.Message):
    __slots__ = ("layer", "filters")
    LAYER_FIELD_NUMBER: _ClassVar[int]
    FILTERS_FIELD_NUMBER: _ClassVar[int]
    layer: str
    filters: _containers.RepeatedCompositeFieldContainer[Measured]
    def __init__(self, layer: _Optional[str] = ..., filters: _Optional[_Iterable[_Union[Measured, _Mapping]]] = ...) -> None: ...
