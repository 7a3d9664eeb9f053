/** The handlers of echo-serve.mjs; its address says how many loops. */
export const loops = Number(new URL(import.meta.url).searchParams.get("loops"));
export const loadBalance = "least-connections";

export function opened() {
  return { reuseInputBuffer: true };
}

export function data(_conn, input) {
  return input;
}
