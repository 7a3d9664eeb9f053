// env reads the environment; a variable that is not set is empty.
// env: SKEIN_TEST_PLAIN=value
// env: SKEIN_TEST_EMPTY=
// env: SKEIN_TEST_ODD=Grüße = 🚀

import { go, env, println, Chan } from "skein";
import { same, check } from "../expect";

export function main(): void {
  same(env("SKEIN_TEST_PLAIN"), "value", "a variable");
  same(env("SKEIN_TEST_EMPTY"), "", "an empty one");
  same(env("SKEIN_TEST_ODD"), "Grüße = 🚀", "an odd one");
  same(env("SKEIN_TEST_NOT_SET"), "", "one that is not set");
  same(env(""), "", "no name");
  same(env("__proto__") + env("constructor") + env("toString"), "", "names that objects have");
  check(env("PATH").length > 0, "one that everybody has");
  const values = new Chan<string>();
  for (let i = 0; i < 20; i++) {
    go(() => {
      values.send(env(i % 2 == 0 ? "SKEIN_TEST_PLAIN" : "SKEIN_TEST_ODD"));
    });
  }
  let plain = 0;
  for (let i = 0; i < 20; i++) {
    if (values.recv() == "value") plain++;
  }
  same(plain, 10, "in other goroutines");
  println("ok");
}
