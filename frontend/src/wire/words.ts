// Generated from tensorboard_plugin_convlens/server/wire/ by tools/generate_wire_ts.py.
// Do not edit: change the Python files and run `make generate`.

export type Method = "activation" | "guided" | "gradient" | "kernel";

export type Form = "values" | "magnitude";

export type ActivationStage = "before" | "after" | "none";

export type MapStage = "" | "before" | "after" | "none";

export type ColorOrder = "rgb" | "bgr";

export type Target = "" | "max" | "sum";

export type Verdict = "useful" | "useless" | "unsure";

export type OperationKind = "mark" | "undo" | "import";

export type FlagKind = "silent" | "nearSilent" | "saturated" | "duplicate" | "notFinite";
