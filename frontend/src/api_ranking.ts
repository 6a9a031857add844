// What the server is asked about rankings and their tests. Loaded with what shows it.

import { json } from "./api";
import type { Ablations } from "./wire";

export const fetchAblations = (run: string): Promise<Ablations> => json("ablations", { run });
