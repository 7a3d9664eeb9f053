// The program of runtimes that have none of their own (`start()` without `program`): the core is all there is to it.
export function main(): void {}
