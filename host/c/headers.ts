/**
 * Which files a C source may include, found by looking at its `#include` lines, whatever conditions stand around them. clang is given
 * these, as it sees nothing of the disk, and an object file is kept by what they say.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { CompileError } from "../base/errors.js";
import type { Tree } from "./tree.js";

/** A file's name in the tree: as it is seen from the working directory, or else its whole path below `/host`. */
export function nameOf(file: string): string {
  const relative = path.relative(process.cwd(), path.resolve(file));
  if (!relative.startsWith("..") && !path.isAbsolute(relative)) return relative || ".";
  return `/host${path.resolve(file)}`;
}

/** Puts a file into a tree. */
export function insert(tree: Tree, name: string, text: string): void {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  const last = parts.pop()!;
  for (const part of parts) tree = (tree[part] ??= {}) as Tree;
  tree[last] = text;
}

const INCLUDE = /^[ \t]*#[ \t]*(?:include|import|include_next)[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>|(\w))/gm;

export class Headers {
  /** Texts by absolute path. */
  readonly texts = new Map<string, string>();

  constructor(private readonly folders: readonly string[]) {}

  /** Adds a source, and all that it may include. */
  add(file: string): void {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      throw new CompileError(code === "ENOENT" ? `${file}: there is no such file` : `cannot read ${file}: ${message}`, {
        cause,
      });
    }
    this.take(file, text);
  }

  private take(file: string, text: string): void {
    if (this.texts.has(file)) return;
    this.texts.set(file, text);
    const own = path.dirname(file);
    for (const [, quoted, bracketed, computed] of text.matchAll(INCLUDE)) {
      const folders = bracketed === undefined ? [own, ...this.folders] : this.folders;
      if (computed !== undefined) {
        for (const folder of folders) this.takeAll(folder);
      } else {
        for (const folder of folders) this.takeIfThere(path.resolve(folder, (quoted ?? bracketed)!));
      }
    }
  }

  /** A name that a macro makes may be that of any header. */
  private takeAll(folder: string): void {
    for (const name of readdirSync(folder))
      if (/\.(?:h|inc|def)$/.test(name)) this.takeIfThere(path.resolve(folder, name));
  }

  private takeIfThere(file: string): void {
    if (this.texts.has(file) || !statSync(file, { throwIfNoEntry: false })?.isFile()) return;
    this.take(file, readFileSync(file, "utf8"));
  }
}
