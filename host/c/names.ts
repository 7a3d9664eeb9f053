/** Whether a file is a source of C's, or of C++'s, by its name. */
export function isCSource(file: string): boolean {
  return file.endsWith(".c") || isCxxSource(file);
}

export function isCxxSource(file: string): boolean {
  return /\.(?:cc|cpp|cxx)$/.test(file);
}
