// A cache of answers, bounded by their bytes: the least recently used go first.

interface Entry {
  answer: Promise<unknown>;
  /** In bytes; null while the answer is on its way, and then it is not forgotten. */
  size: number | null;
}

/** The memory of an entry besides its answer and the characters of its key. */
const ENTRY_BYTES = 128;

export class Kept {
  /** Used longest ago first. */
  readonly #entries = new Map<string, Entry>();
  #total = 0;

  /** `most` is the bound in bytes; the latest answer is kept even if it alone exceeds it. */
  constructor(private readonly most: number) {}

  /** In bytes, of all answers that are here. */
  get total(): number {
    return this.#total;
  }

  /** The answer of a key, requested if it is not here. Failures are not kept: they may pass. */
  get<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    if (known) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.answer as Promise<T>;
    }
    const answer = ask();
    const entry: Entry = { answer, size: null };
    this.#entries.set(key, entry);
    answer.then(
      (value) => this.#account(entry, ENTRY_BYTES + 2 * key.length + sizeOf(value)),
      () => this.#entries.delete(key),
    );
    return answer;
  }

  /** The answer of a key if it is here or on its way; does not count as use. */
  peek<T>(key: string): Promise<T> | null {
    return (this.#entries.get(key)?.answer as Promise<T> | undefined) ?? null;
  }

  #account(latest: Entry, size: number): void {
    latest.size = size;
    this.#total += size;
    for (const [key, entry] of this.#entries) {
      if (this.#total <= this.most) break;
      if (entry === latest || entry.size === null) continue;
      this.#entries.delete(key);
      this.#total -= entry.size;
    }
  }
}

/**
 * About how many bytes a value takes: two per character, eight per number, and as much for a
 * place in an object or array as V8 needs on a machine of 64 bits. Arrays of bytes count as they are.
 */
export function sizeOf(value: unknown): number {
  if (typeof value === "string") return 16 + 2 * value.length;
  if (typeof value !== "object" || value === null) return 8;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  const parts: unknown[] = Array.isArray(value) ? value : Object.values(value);
  let bytes = 24;
  for (const part of parts) bytes += typeof part === "number" ? 8 : 8 + sizeOf(part);
  return bytes;
}
