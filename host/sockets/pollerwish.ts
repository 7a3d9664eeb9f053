/** What a user may want sockets to be made of. */
import { SkeinError } from "../base/errors.js";

/** What waits for sockets. */
export type PollerName = "epoll" | "stdlib";

/** What a user may ask for: `"auto"` is epoll where it can be had. */
export type PollerWish = "auto" | PollerName;
export const pollerWishes: readonly unknown[] = ["auto", "epoll", "stdlib"] satisfies PollerWish[];

/** @throws SkeinError if there is no such poller */
export function checkWish(wish: PollerWish): PollerWish {
  if (!pollerWishes.includes(wish)) {
    throw new SkeinError(`poller must be "auto", "epoll" or "stdlib", not ${JSON.stringify(wish)}`);
  }
  return wish;
}
