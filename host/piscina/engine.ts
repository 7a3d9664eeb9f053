/** What pools run on: a file of its own, which the first pool loads. */
export { startNow } from "../runtime/launch.js";
