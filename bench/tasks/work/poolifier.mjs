/** The functions, in a worker of poolifier. */
import { ThreadWorker } from "poolifier";
import { echo, increment } from "./functions.mjs";

export default new ThreadWorker({ echo, increment });
