/** What a process does in the cluster. */
export interface ClusterStats {
  readonly name: string;
  readonly connected: boolean;
  readonly calls: number;
  readonly workers: readonly WorkerStats[];
}

/** What a worker has done. */
export interface WorkerStats {
  readonly name: string;
  readonly modules: readonly string[];
  readonly capacity: number;
  /** Calls that run, and that wait here for a P. */
  readonly running: number;
  readonly waiting: number;
  readonly done: number;
  readonly failed: number;
  readonly retried: number;
  readonly dead: number;
  readonly draining: boolean;
}
