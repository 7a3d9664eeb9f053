/** Of what a stage of the tests has printed, what one must read to know why it failed: a log may be cut from the front. */

/** No more characters than this of each of several failures. */
function clip(text, most) {
  if (text.length <= most) return text;
  const half = Math.floor((most - 5) / 2);
  return `${text.slice(0, half)}\n...\n${text.slice(-half)}`;
}

/** The failures in the output of `node --test`, each as its place, its name and its error, without causes that repeat it. */
function nodeFailures(output) {
  const at = output.lastIndexOf("failing tests:");
  if (at < 0) return [];
  return output
    .slice(at)
    .split(/^test at /m)
    .slice(1)
    .map((failure) => {
      const lines = failure.split("\n");
      const end = lines.findIndex((line) => /^ +\[cause\]: /.test(line));
      return (end < 0 ? lines : lines.slice(0, end))
        .filter((line) => line.trim() !== "" && !/^ +at .*node:internal/.test(line))
        .join("\n");
    });
}

/** The failures in the output of `deno test`. */
function denoFailures(output) {
  const plain = output.replace(/\x1b\[[0-9;]*m/g, ""); // eslint-disable-line no-control-regex
  const from = plain.lastIndexOf(" ERRORS ");
  if (from < 0) return [];
  const to = plain.indexOf(" FAILURES ", from);
  return plain
    .slice(from + " ERRORS ".length, to < 0 ? undefined : to)
    .split(/\n\n(?=\S.* => )/)
    .map((failure) => failure.trim())
    .filter((failure) => failure !== "");
}

/**
 * A digest of a failed stage's output in about `most` characters: an equal share for each failed test, or, if none is found,
 * the end of the output.
 */
export function digest(whole, most) {
  // An uncaught error shows its line of the source, which may be a whole minified module.
  const output = whole.replace(/[^\n]{1000,}/g, (line) => clip(line, 300));
  const failures = [...nodeFailures(output), ...denoFailures(output)];
  if (failures.length === 0) return output.slice(-most);
  const share = Math.max(300, Math.floor(most / failures.length));
  return clip(failures.map((failure) => clip(failure, share)).join("\n\n"), most + share);
}
