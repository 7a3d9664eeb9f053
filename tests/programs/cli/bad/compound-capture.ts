import { afterFunc } from "skein";

function start(text: string): void {
  afterFunc(1, () => {
    text += "!";
  });
}

export function main(): void {
  start("text");
}
