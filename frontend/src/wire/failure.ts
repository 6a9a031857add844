// Generated from tensorboard_plugin_convlens/server/wire/ by tools/generate_wire_ts.py.
// Do not edit: change the Python files and run `make generate`.

/** Body of every answer that is not 2xx: a sentence for people. */
export interface Failure {
  error: string;
}
