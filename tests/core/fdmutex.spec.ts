/** The word that keeps a descriptor open while it is used. */
import {
  fdDecref,
  fdIncref,
  fdIncrefAndClose,
  FDMutex,
  fdRWLock,
  fdRWUnlock,
} from "../../assembly/runtime/net/fdmutex";

function fresh(): FDMutex {
  const at = heap.alloc(offsetof<FDMutex>());
  memory.fill(at, 0, offsetof<FDMutex>());
  return changetype<FDMutex>(at);
}

describe("a descriptor's mutex", () => {
  it("is free again after each use", () => {
    const mu = fresh();
    expect(fdIncref(mu)).toBe(true);
    expect(fdRWLock(mu, false)).toBe(true);
    expect(fdRWLock(mu, true)).toBe(true, "reading and writing do not exclude each other");
    expect(fdRWUnlock(mu, true)).toBe(false);
    expect(fdRWUnlock(mu, false)).toBe(false);
    expect(fdDecref(mu, 1)).toBe(false);
    expect(mu.state).toBe(0);
  });

  it("admits nobody once it is closed", () => {
    const mu = fresh();
    expect(fdIncrefAndClose(mu)).toBe(true);
    expect(fdIncrefAndClose(mu)).toBe(false);
    expect(fdIncref(mu)).toBe(false);
    expect(fdRWLock(mu, false)).toBe(false);
    expect(fdRWLock(mu, true)).toBe(false);
    expect(fdDecref(mu, 1)).toBe(true, "who closed it was the last");
  });

  it("tells the last who uses it after the close, and nobody else", () => {
    const mu = fresh();
    fdRWLock(mu, false);
    fdRWLock(mu, true);
    fdIncref(mu);
    fdIncrefAndClose(mu);
    expect(fdDecref(mu, 1)).toBe(false);
    expect(fdRWUnlock(mu, false)).toBe(false);
    expect(fdDecref(mu, 1)).toBe(false);
    expect(fdRWUnlock(mu, true)).toBe(true);
  });

  it("forgets those who will never give their references back", () => {
    const mu = fresh();
    fdRWLock(mu, false);
    fdRWLock(mu, true);
    fdIncrefAndClose(mu);
    expect(fdDecref(mu, 3)).toBe(true);
  });
});
