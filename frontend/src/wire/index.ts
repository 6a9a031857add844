// Generated from tensorboard_plugin_convlens/server/wire/ by tools/generate_wire_ts.py.
// Do not edit: change the Python files and run `make generate`.

export type * from "./ablations";
export type * from "./failure";
export type * from "./graph";
export type * from "./history";
export type * from "./inputs";
export type * from "./layers";
export type * from "./marks";
export type * from "./ranking";
export type * from "./runs";
export type * from "./steps";
export type * from "./timelines";
export type * from "./words";
