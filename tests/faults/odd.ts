/* eslint-disable @typescript-eslint/only-throw-error -- what these are about */
/** What is hard to look at, as the errors of functions that throw it. */

/** Functions that throw what is hard to look at. */
export const ODD: Readonly<Record<string, () => never>> = {
  "an error whose stack's getter throws": () => {
    const error = new RangeError("m");
    Object.defineProperty(error, "stack", {
      get() {
        throw new Error("no stack");
      },
    });
    throw error;
  },
  "an error whose message's getter throws": () => {
    throw Object.defineProperty(new RangeError("m"), "message", {
      get() {
        throw new Error("no message");
      },
    });
  },
  "an error whose name's getter throws": () => {
    throw Object.defineProperty(new RangeError("m"), "name", {
      get() {
        throw new Error("no name");
      },
    });
  },
  "an error whose name is a symbol": () => {
    throw Object.assign(new RangeError("m"), { name: Symbol("odd") });
  },
  "an error whose name cannot be text": () => {
    throw Object.assign(new RangeError("m"), { name: Object.create(null) as string });
  },
  "a frozen error": () => {
    throw Object.freeze(new RangeError("m"));
  },
  "a proxy of an error": () => {
    throw new Proxy(new RangeError("m"), {});
  },
  "a proxy whose traps throw": () => {
    const fail = (): never => {
      throw new Error("trapped");
    };
    throw new Proxy({}, { get: fail, getPrototypeOf: fail, ownKeys: fail, has: fail, getOwnPropertyDescriptor: fail });
  },
  "an object that cannot be text": () => {
    throw Object.assign(Object.create(null) as object, { f: () => 1 });
  },
  "a symbol": () => {
    throw Symbol("odd");
  },
  "an error with a property that holds an object whose getter throws": () => {
    const inner = {
      get bad(): number {
        throw new Error("no");
      },
    };
    throw Object.assign(new RangeError("m"), { inner });
  },
  "an error whose cause's getter throws": () => {
    throw Object.defineProperty(new RangeError("m"), "cause", {
      get() {
        throw new Error("no cause");
      },
    });
  },
  "an error whose prepareStackTrace throws": () => {
    Error.prepareStackTrace = () => {
      throw new Error("no trace");
    };
    setTimeout(() => Reflect.deleteProperty(Error, "prepareStackTrace"), 5);
    throw new RangeError("m");
  },
  "an error whose prepareStackTrace gives no text": () => {
    Error.prepareStackTrace = (_, sites) => sites;
    setTimeout(() => Reflect.deleteProperty(Error, "prepareStackTrace"), 5);
    throw new RangeError("m");
  },
};
