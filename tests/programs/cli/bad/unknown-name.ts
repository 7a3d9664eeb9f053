import { go } from "skein";

export function main(): void {
  go(nowhere(1));
}
