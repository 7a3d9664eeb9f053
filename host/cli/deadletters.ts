/** `skein deadletters`: lists the calls of a cluster that have failed for good, has them run again, or forgets them. */
import { inspect } from "node:util";
import { SkeinError } from "../index.js";
import { writeFully } from "../base/stdio.js";
import { wordsOf } from "../base/thrown.js";
import { connect } from "../remote/index.js";
import type { DeadLetter } from "../remote/index.js";

/** Options of `skein deadletters`, as the command line's parser leaves them. */
export interface DeadLettersOptions {
  readonly nats: string;
  readonly name: string;
  readonly all?: boolean;
}

export type Action = "list" | "retry" | "drop";

/** How much of a letter's arguments a line shows. */
const SHOWN = { depth: 2, breakLength: Infinity, maxArrayLength: 8, maxStringLength: 80 };

/** Does `action` to the letters with these numbers, or to all. */
export async function deadLettersCommand(
  action: Action,
  ids: readonly string[],
  options: DeadLettersOptions,
): Promise<void> {
  const isAll = options.all === true;
  if (action !== "list" && isAll === ids.length > 0)
    throw new SkeinError(`skein deadletters ${action} takes the numbers of letters, or --all`);
  const cluster = await connect({ servers: options.nats, name: options.name });
  try {
    const letters = cluster.deadLetters();
    if (action === "list") {
      for (const letter of await letters.list({ limit: Infinity })) print(lineOf(letter));
      return;
    }
    const chosen = isAll ? (await letters.list({ limit: Infinity })).map(({ id }) => id) : ids;
    for (const id of chosen) await letters[action](id);
    print(`${chosen.length} ${action === "retry" ? "to be run again" : "forgotten"}`);
  } finally {
    await cluster.drain();
  }
}

function lineOf({ id, module, task, args, failures, at, worker, error }: DeadLetter): string {
  const call = `${module}.${task}${inspect(args, SHOWN).replace(/^\[ ?(.*?) ?\]$/s, "($1)")}`;
  const [why = ""] = wordsOf(error).split("\n");
  return `${id}  ${at.toISOString()}  ${call}  failed ${failures}x, at last on ${worker}: ${why}`;
}

function print(line: string): void {
  writeFully(1, Buffer.from(`${line}\n`));
}
