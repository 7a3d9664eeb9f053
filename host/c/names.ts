/** Whether a file is a source of C's, by its name. */
export function isCSource(file: string): boolean {
  return file.endsWith(".c");
}
