// What is selected, and the link to it.

import { defaultChoices, fromState, toState, type Choices } from "../core/link/choices";
import { onHostHashChange, readHostHash, writeHostHash } from "../browser/host";
import { later } from "../browser/settled";
import { parseHash, writeHash } from "../core/link/urlstate";

/** The address bar is written this long after the last change. */
const WRITE_DELAY = 200;

/** A place on the input image, as shares of its width and height. */
export interface Place {
  x: number;
  y: number;
}

export class Selection {
  choices = $state<Choices>(defaultChoices());
  /** Whether captures stand side by side. */
  readonly comparing: boolean = $derived(this.choices.columns.length > 0);
  /** Where the pointer is, over any picture of the selected filter. */
  cursor = $state.raw<Place | null>(null);
  /** Ids of groups of layers that are closed; not part of links. */
  closed = $state.raw<ReadonlySet<string>>(new Set());

  constructor() {
    this.choices = fromState(parseHash(readHostHash()));
  }

  /** Keeps the link and the choices equal; call it inside an effect root. */
  watch(): () => void {
    let callOff: (() => void) | undefined;
    $effect(() => {
      const state = toState(this.choices);
      callOff?.();
      callOff = later(() => writeHostHash(writeHash(readHostHash(), state)), WRITE_DELAY);
    });
    const stop = onHostHashChange(() => {
      const state = parseHash(readHostHash());
      if (JSON.stringify(state) !== JSON.stringify(toState(this.choices)))
        this.choices = fromState(state);
    });
    return () => {
      callOff?.();
      stop();
    };
  }

  /** The link to the view as it is now, without waiting for the address bar. */
  writeNow(): void {
    writeHostHash(writeHash(readHostHash(), toState(this.choices)));
  }

  setClosed(id: string, closed: boolean): void {
    const next = new Set(this.closed);
    if (closed) next.add(id);
    else next.delete(id);
    this.closed = next;
  }
}
