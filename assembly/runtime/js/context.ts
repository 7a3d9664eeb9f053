/** Contexts: cancellation that goes down from parent to child. On any thread's own stack, g0. */
import { addressOf, ContextState, HostObject } from "../../abi";
import { lock, unlock } from "../base/lock";
import { closechan, HChan } from "../chan/chan";
import { LIST } from "./object";

/** Under the list's lock. */
export function adopt(parent: HostObject, child: HostObject): void {
  if (parent.done != 0) {
    child.reason = parent.reason;
    cancelTree(child, ContextState.WithParent);
    return;
  }
  child.sibling = parent.children;
  parent.children = child;
}

/** Under the list's lock. */
export function disown(parent: HostObject, child: HostObject): void {
  let it = parent.children;
  if (it == child) {
    parent.children = child.sibling;
    return;
  }
  while (it && it.sibling != child) it = it.sibling;
  if (it) it.sibling = child.sibling;
}

/** Cancels a context and those below it, with the reason in the slot at `at`, which is then its own; false if it has been cancelled before. */
@host
export function contextCancel(o: HostObject, at: usize): bool {
  lock(LIST);
  const first = o.done == 0;
  if (first) {
    o.reason = load<u64>(at);
    cancelTree(o, ContextState.Itself);
  }
  unlock(LIST);
  return first;
}

/** Under the list's lock. Waiters are made ready under it too: they only post to mailboxes. */
function cancelTree(o: HostObject, done: i32): void {
  atomic.store<i32>(addressOf(o.done), done);
  closechan(changetype<HChan>(o.target));
  let child = o.children;
  while (child) {
    if (child.done == 0) {
      child.reason = o.reason;
      cancelTree(child, ContextState.WithParent);
    }
    child = child.sibling;
  }
}
