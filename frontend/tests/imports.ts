// Which files import which, read from their text.

/** Path of each file → paths of what it imports. */
export type Imports = ReadonlyMap<string, readonly string[]>;

const STATEMENT = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']*)["']/g;
const ENDINGS = ["", ".ts", ".svelte.ts", ".svelte", "/index.ts"];

/** Imports of files by their paths and texts, types and late imports among them. */
export function importsOf(files: ReadonlyMap<string, string>): Imports {
  return new Map(
    [...files].map(([path, text]) => {
      const targets = [...text.matchAll(STATEMENT)].map(([, target]) => {
        const base = resolve(path, target ?? "");
        const found = ENDINGS.map((ending) => base + ending).find((one) => files.has(one));
        if (!found) throw new Error(`${path} imports ${target}, which is no file of the tab.`);
        return found;
      });
      return [path, [...new Set(targets)]];
    }),
  );
}

function resolve(path: string, target: string): string {
  const parts = path.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** A circle of imports as the paths on it, the first once more at the end; null: there is none. */
export function circleIn(imports: Imports): string[] | null {
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (path: string): string[] | null => {
    const start = way.indexOf(path);
    if (start >= 0) return [...way.slice(start), path];
    if (done.has(path)) return null;
    way.push(path);
    for (const target of imports.get(path) ?? []) {
      const circle = visit(target);
      if (circle) return circle;
    }
    way.pop();
    done.add(path);
    return null;
  };
  for (const path of imports.keys()) {
    const circle = visit(path);
    if (circle) return circle;
  }
  return null;
}
