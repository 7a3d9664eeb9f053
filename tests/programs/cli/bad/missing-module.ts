import { helper } from "./not-there";

export function main(): void {
  helper();
}
