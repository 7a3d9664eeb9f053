/** The types of `skein/piscina`, which is a CommonJS module whose module is the class; `scripts/types.mjs` puts them beside the others. */
import main = require("./main.js");

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in piscina: without type arguments, anything goes
declare class Piscina<T = any, R = any> extends main.Piscina<T, R> {}

declare namespace Piscina {
  type CloseOptions = main.CloseOptions;
  type HistogramSummary = main.HistogramSummary;
  type PiscinaHistogram = main.PiscinaHistogram;
  type PiscinaOptions = main.PiscinaOptions;
  type RunOptions = main.RunOptions;
  type Task = main.Task;
  type TaskQueue = main.TaskQueue;
  type Transferable = main.Transferable;
}

export = Piscina;
