// Converts values to texts in a link and back.

/** Keys and texts of a link. */
export type LinkState = Readonly<Record<string, string>>;

/** Between a value and what a link has of it. */
export interface Codec<T> {
  /** Texts by their keys, without what is `usual`. */
  write: (key: string, value: T, usual: T) => LinkState;
  /** The value of a link; `usual` where it is missing or makes no sense. */
  read: (key: string, state: LinkState, usual: T) => T;
}

/** A value that is one text under one key. `parse` gives null for what makes no sense. */
export function oneText<T>(parse: (text: string) => T | null): Codec<T> {
  return {
    write: (key, value, usual): LinkState =>
      value === usual || value === null ? {} : { [key]: String(value) },
    read(key, state, usual) {
      const text = state[key];
      return (text === undefined ? null : parse(text)) ?? usual;
    },
  };
}

/** A value that has keys of its own; `write` leaves out what is usual. */
export const ownKeys = <T>(
  write: (value: T) => LinkState,
  read: (state: LinkState) => T,
): Codec<T> => ({ write: (_, value) => write(value), read: (_, state) => read(state) });

export const wholeNumber = (text: string): number | null =>
  /^\d{1,15}$/.test(text) ? Number(text) : null;

export function positiveNumber(text: string): number | null {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : null;
}

export const oneOf =
  <T extends string>(values: readonly T[]) =>
  (text: string): T | null =>
    values.find((value) => value === text) ?? null;

export const TEXT: Codec<string> = oneText((text) => text);
export const TEXT_OR_NULL = oneText<string | null>((text) => text);
export const WHOLE: Codec<number> = oneText(wholeNumber);
export const WHOLE_OR_NULL = oneText<number | null>(wholeNumber);
export const POSITIVE_OR_NULL = oneText<number | null>(positiveNumber);
export const YES_OR_NO: Codec<boolean> = oneText((text) =>
  text === "true" ? true : text === "false" ? false : null,
);
