/** All rules, in the order of docs/cli.md. */
import type { Rule } from "../rule.js";
import { lateAdd, loopVariable, sharedWrite } from "./goroutines.js";
import { heldLock, localLock } from "./locks.js";
import { missingKey } from "./maps.js";
import {
  constantOverflow,
  integerQuotient,
  lateWidening,
  shiftWidth,
  uncheckedParse,
  unsignedBelowZero,
} from "./numbers.js";
import { evaluatedTwice, fallthrough, identity, lostError, lostResult } from "./statements.js";

export const RULES: readonly Rule[] = [
  shiftWidth,
  constantOverflow,
  lateWidening,
  integerQuotient,
  unsignedBelowZero,
  uncheckedParse,
  missingKey,
  fallthrough,
  evaluatedTwice,
  lostResult,
  lostError,
  identity,
  sharedWrite,
  loopVariable,
  lateAdd,
  heldLock,
  localLock,
];
