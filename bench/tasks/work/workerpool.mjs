/** The functions, in a worker of workerpool. */
import workerpool from "workerpool";
import { echo, increment } from "./functions.mjs";

workerpool.worker({ echo, increment });
