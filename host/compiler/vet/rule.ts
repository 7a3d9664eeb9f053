/** What a rule of `skein vet` is, and what it is given. */
import type { Node } from "../asc.js";
import type { Facts } from "./facts.js";
import type { Tree } from "./tree.js";

/** A file of the program, with what is known of it. */
export interface Checked {
  readonly tree: Tree;
  readonly facts: Facts;
  /** All files of the program. */
  readonly trees: readonly Tree[];
}

/** Says that something at a place is probably not what is meant. */
export type Report = (at: Node, message: string) => void;

export interface Rule {
  /** What silences it. */
  readonly name: string;
  /** What it warns of, in a line. */
  readonly about: string;
  readonly check: (checked: Checked, report: Report) => void;
}
