import { go, nothing } from "skein";

export function main(): void {
  go(nothing());
}
