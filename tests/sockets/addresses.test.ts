/** Addresses as text and as the kernel's structs, and the errors of both. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressError, addressText, parseAddress, resolveAddress } from "../../host/sockets/address.js";
import { decodeSockaddr, encodeSockaddr, SOCKADDR_SIZE, type SocketAddress } from "../../host/sockets/sockaddr.js";

function encoded(address: SocketAddress): Uint8Array {
  const bytes = new Uint8Array(8 + SOCKADDR_SIZE).fill(255);
  const length = encodeSockaddr(address, bytes, 8);
  return bytes.subarray(8, 8 + length);
}

test("an address survives the kernel's struct", () => {
  const addresses: [SocketAddress, string][] = [
    [{ family: "ipv4", host: "127.0.0.1", port: 8080 }, "0200 1f90 7f000001 0000000000000000"],
    [{ family: "ipv4", host: "255.254.253.252", port: 65535 }, "0200 ffff fffefdfc 0000000000000000"],
    [{ family: "ipv6", host: "::1", port: 1 }, `0a00 0001 00000000 ${"00".repeat(15)}01 00000000`],
    [
      { family: "ipv6", host: "2001:db8::ff00:42:8329", port: 443 },
      "0a00 01bb 00000000 20010db8000000000000ff0000428329 00000000",
    ],
    [{ family: "ipv6", host: "fe80::1%7", port: 2 }, "0a00 0002 00000000 fe800000000000000000000000000001 07000000"],
    [
      { family: "ipv6", host: "::ffff:10.0.0.1", port: 3 },
      "0a00 0003 00000000 00000000000000000000ffff0a000001 00000000",
    ],
    [{ family: "ipv6", host: "::", port: 0 }, `0a00 0000 00000000 ${"00".repeat(16)} 00000000`],
    [{ family: "unix", path: "/run/ä.sock" }, "0100 2f72756e2fc3a42e736f636b 00"],
    [{ family: "unix", path: "@abstract" }, "0100 00 6162737472616374"],
  ];
  for (const [address, hex] of addresses) {
    const bytes = encoded(address);
    assert.equal(Buffer.from(bytes).toString("hex"), hex.replaceAll(" ", ""));
    assert.deepEqual(decodeSockaddr(bytes, 0, bytes.length), address);
  }
});

test("IPv6 addresses are read in every form and written in the shortest", () => {
  const forms: [string, string][] = [
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["0:0:1::", "0:0:1::"],
    ["1::", "1::"],
    ["ABCD:EF01::0001", "abcd:ef01::1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"],
  ];
  for (const [written, expected] of forms) {
    const bytes = encoded({ family: "ipv6", host: written, port: 9 });
    const back = decodeSockaddr(bytes, 0, bytes.length);
    assert.equal(back?.family === "ipv6" ? back.host : "", expected, written);
  }
});

test("what is no address is refused, and cut structs are none", () => {
  assert.throws(() => encoded({ family: "ipv4", host: "127.1", port: 1 }), /no IPv4 address/);
  assert.throws(() => encoded({ family: "ipv6", host: "1::2::3", port: 1 }), /no IPv6 address/);
  assert.throws(() => encoded({ family: "ipv4", host: "127.0.0.1", port: 70000 }), /a port is a number/);
  assert.throws(() => encoded({ family: "unix", path: "x".repeat(108) }), /at most 107 bytes/);
  assert.throws(() => encoded({ family: "unix", path: "a\0b" }), /0 byte/);
  assert.throws(
    () => encoded({ family: "ipv6", host: "fe80::1%nowhere0", port: 1 }),
    /no network interface "nowhere0"/,
  );
  const bytes = encoded({ family: "ipv4", host: "127.0.0.1", port: 1 });
  assert.equal(decodeSockaddr(bytes, 0, 1), null);
  assert.equal(decodeSockaddr(bytes, 0, 15), null);
  assert.equal(decodeSockaddr(new Uint8Array([99, 0, 0, 0]), 0, 4), null);
  assert.deepEqual(decodeSockaddr(new Uint8Array([1, 0]), 0, 2), { family: "unix", path: "" });
});

test("addresses are parsed, and resolve to socket addresses", async () => {
  const parsed = parseAddress("udp6-net://[fe80::1]:53?reuseport=1");
  assert.deepEqual(parsed, { network: "udp6", host: "fe80::1", port: 53, path: "", stdlib: true, reusePort: true });
  assert.deepEqual(await resolveAddress(parseAddress("tcp://:80")), { family: "ipv4", host: "127.0.0.1", port: 80 });
  assert.deepEqual(await resolveAddress(parseAddress("tcp6://:80")), { family: "ipv6", host: "::1", port: 80 });
  assert.deepEqual(await resolveAddress(parseAddress("tcp4://localhost:80")), {
    family: "ipv4",
    host: "127.0.0.1",
    port: 80,
  });
  assert.deepEqual(await resolveAddress(parseAddress("unix://@name")), { family: "unix", path: "@name" });
  for (const text of ["tcp://127.0.0.1:1", "tcp6://[::1]:1", "unix:///a/b", "udp://10.0.0.1:65535"]) {
    const address = parseAddress(text);
    assert.equal(addressText(address.network, await resolveAddress(address)), text);
  }
  assert.throws(() => parseAddress("tcp://a b:1"), AddressError);
  assert.throws(() => parseAddress(undefined as never), /an address is a text/);
});
