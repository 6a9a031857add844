// Words for what is captured, and for requests.

import type { Form, Method } from "../../wire";
import type { Stage } from "./drawing";

/** A capture that never changes: one step of one writer session of a run. */
export interface CaptureRef {
  run: string;
  step: number;
  session: string;
}

/** One filter by one method for one input image; form and stage where it has several. */
export interface TileRef extends CaptureRef {
  layer: number;
  channel: number;
  input: number;
  method: Method;
  form: Form;
  stage: Stage;
}
