// Containers, numbers as texts, encodings, digests: what needs no other goroutine.
// procs: 1

import { println } from "skein";
import { Heap, List } from "skein/container";
import { base64, base64Url, fromBase64, fromHex, fromUtf8, hex, utf8 } from "skein/encoding";
import { find, is, unwrap, WrappedError } from "skein/errors";
import { errorf, Format, fprintf, sprint, sprintf, sprintln } from "skein/fmt";
import { crc32, md5, sha1, Sha256, sha256 } from "skein/hash";
import { decode, encode } from "skein/json";
import { parse, quote, quoteToAscii, toFixed } from "skein/strconv";
import { Builder, count, cut, fields, splitN, trimPrefix, trimSuffix } from "skein/strings";
import { check, same } from "../expect";

function aHeapIsInOrder(): void {
  const heap = new Heap<i32>((a, b) => a < b);
  let x: u32 = 12345;
  for (let i = 0; i < 1000; i++) {
    x = x * 1664525 + 1013904223;
    heap.push(<i32>(x >> 16));
  }
  for (let i = 0; i < 100; i++) heap.removeAt((i * 7) % heap.length);
  same(heap.length, 900, "what is left");
  let last = heap.peek();
  while (heap.length > 0) {
    const next = heap.pop();
    check(next >= last, "each is no less than the one before");
    last = next;
  }
  const texts = new Heap<string>((a, b) => a.length > b.length);
  texts.push("a");
  texts.push("ccc");
  texts.push("bb");
  same(texts.pop() + texts.pop() + texts.pop(), "cccbba", "the longest first");
}

function aListKeepsItsPlaces(): void {
  const list = new List<string>();
  const b = list.pushBack("b");
  const d = list.pushBack("d");
  list.pushFront("a");
  list.insertAfter("c", b);
  list.insertBefore("-", d);
  same(list.values().join(""), "abc-d", "all places");
  list.moveToFront(d);
  list.moveToBack(b);
  same(list.values().join(""), "dac-b", "moved");
  same(list.remove(d), "d", "the value");
  same(list.remove(d), "d", "once more");
  same(list.length, 4, "one less");
  same(list.front!.value + list.back!.value, "ab", "both ends");
}

function wrong(text: string, base: i32 = 10): string {
  const parsed = parse<i32>(text, base);
  same(parsed.value, 0, text);
  return parsed.error!.message;
}

function numbersAreParsedStrictly(): void {
  same(parse<i32>("-12").value, -12, "negative");
  same(parse<i32>("12").must(), 12, "what must be a number, and is");
  let message = "";
  try {
    parse<i32>("12x").must();
  } catch (e) {
    message = e.message;
  }
  same(message, 'parsing "12x": invalid syntax', "what must be a number, and is none");
  same(parse<u8>("255").value, <u8>255, "the largest u8");
  same(parse<i64>("-9223372036854775808").value, i64.MIN_VALUE, "the smallest i64");
  same(parse<u64>("18446744073709551615").value, u64.MAX_VALUE, "the largest u64");
  same(parse<i32>("ff", 16).value + parse<i32>("0xff", 0).value + parse<i32>("0b1_0", 0).value, 512, "other bases");
  same(wrong("12x"), 'parsing "12x": invalid syntax', "what follows");
  same(wrong(""), 'parsing "": invalid syntax', "nothing");
  for (const text of [" 1", "1 ", "+", "-", "0x1", "1_0", "1.0", "9".repeat(30) + "x"]) wrong(text);
  for (const text of ["0x", "_1", "1_", "0b2", "1__0"]) wrong(text, 0);
  check(parse<u8>("-1").error !== null, "no sign for those without");
  const large = parse<i8>("128");
  same(large.value, <i8>127, "the nearest");
  same(large.error!.message, 'parsing "128": value out of range', "out of range");
  same(parse<i8>("-1000").value, <i8>-128, "the nearest below");
  check(parse<u64>("18446744073709551616").error !== null, "one more than the largest u64");
  // Bits of numbers that are hard to tell from their neighbours, or that AssemblyScript's parseFloat gets wrong.
  same(reinterpret<u64>(parse<f64>("1.9851363263561924e+53").value), <u64>0x4b0094a4508f514a, "a large exponent");
  same(reinterpret<u64>(parse<f64>("5.204427497666507e39").value), <u64>0x482e96c08d5eec25, "the last bit");
  same(reinterpret<u64>(parse<f64>("2.4703282292062328e-324").value), <u64>1, "just above half of the smallest");
  same(parse<f64>("2.4703282292062327e-324").value, 0.0, "just below");
  same(parse<f64>("2.2250738585072011e-308").value, 2.225073858507201e-308, "below the smallest that is normal");
  const tie = "9007199254740993." + "0".repeat(900);
  same(parse<f64>(tie).value, 9007199254740992.0, "between two: the even one");
  same(parse<f64>(tie + "1").value, 9007199254740994.0, "a little more");
  same(parse<f32>("16777217.0000001").value, <f32>16777218.0, "rounded once");
  same(parse<f64>("-1.5e3").value, -1500.0, "a float");
  same(parse<f32>(".5").value, <f32>0.5, "an f32");
  check(parse<f64>("inf").value == Infinity && isNaN(parse<f64>("NaN").value), "no numbers");
  for (const text of ["", ".", "1e", "1.5x", "e5", "--1", "1 "]) check(parse<f64>(text).error !== null, text);
  // AssemblyScript's own parseFloat gave 7.174354917239665e+39.
  same(parseFloat("7.17435491723966455e46"), 7.174354917239665e46, "many digits and a large exponent");
  same(reinterpret<u64>(parseFloat("5.204427497666507e39")), <u64>0x482e96c08d5eec25, "the last bit");
  same(parseFloat(tie), 9007199254740992.0, "between two");
  same(parseFloat(tie + "1"), 9007199254740994.0, "a little more");
  same(parseFloat("2.4703282292062328e-324"), 5e-324, "the smallest");
  same(parseFloat("18446744073709551615e-27"), 1.8446744073709552e-8, "64 bits");
  const longest = "12345678901234567890.5";
  same(parseFloat(`${longest}e3x`), 12345678901234567890500.0, "more than 64 bits, up to what is no number");
  same(parseFloat(`${longest}e`), 12345678901234567890.5, "without its exponent");
  same(parseFloat(" -12.5e1x"), -125.0, "spaces before, and something behind");
  same(parseFloat(".5.5"), 0.5, "a second point");
  same(1 / parseFloat("-0.0"), -Infinity, "a zero with a sign");
  check(isNaN(parseFloat("")) && isNaN(parseFloat("x1")) && isNaN(parseFloat(".")), "no numbers");
  check(parse<f64>("1e999").error !== null, "out of range");
  check(parse<u8>("+1").error !== null && parse<i8>("+1").value == 1, "signs are for those with");
  for (const text of ["1", "t", "T", "TRUE", "True"]) check(parse<bool>(text).value, text);
  for (const text of ["0", "f", "F", "FALSE", "False"])
    check(!parse<bool>(text).value && !parse<bool>(text).error, text);
  check(parse<bool>("tRUE").error !== null, "no other");
  check(parse<bool>("true").value && parse<bool>("yes").error !== null, "bools");
  same(
    quote("\x07\b\f\v\x1f\x7f\u00a0\u00ad\u2028\ufeff😀世\u{e0001}"),
    '"\\a\\b\\f\\v\\x1f\\x7f\\u00a0\\u00ad\\u2028\\ufeff😀世\\U000e0001"',
    "unseen",
  );
  same(quoteToAscii("aé😀'"), '"a\\u00e9\\U0001f600\'"', "in ASCII");
  same(quote('a"b\\\n\x01é'), '"a\\"b\\\\\\n\\x01é"', "quoted");
  same(
    `${toFixed(1.005, 2)} ${toFixed(-2.5, 1)} ${toFixed(0.999, 2)} ${toFixed(3.14159, 3)} ${toFixed(7, 0)}`,
    "1.00 -2.5 1.00 3.142 7",
    "fixed",
  );
  same(
    `${toFixed(-0.04, 1)} ${toFixed(1e17, 1)} ${toFixed(123.456, 0)}`,
    "-0.0 100000000000000000.0 123",
    "fixed, at the ends",
  );
}

function textsAreBuilt(): void {
  const text = new Builder();
  for (let i = 0; i < 3; i++) fprintf(text, "%d é,", i);
  text.writeRune(0x1f600);
  same(text.writeString("x") + text.length, 1 + 15, "units");
  same(text.toString(), "0 é,1 é,2 é,😀x", "all of it");
  text.reset();
  same(text.toString(), "", "nothing");
  // With += that is 10 GB to copy.
  for (let i = 0; i < 200000; i++) text.writeString("abcde");
  same(text.toString().length, 1000000, "a long one");
  same(fields(" a\tbc\n\u3000d\u00a0 ").join("|") + fields("  ").length.toString(), "a|bc|d0", "words");
  same(
    count("cheese", "e") * 1000 + count("aaaa", "aa") * 100 + count("a😀", "") * 10 + count("a", "b"),
    3230,
    "counts",
  );
  const parts = cut("k=v=w", "=");
  same(`${parts.before} ${parts.after} ${parts.found} ${cut("k", "=").found}`, "k v=w true false", "cut");
  same(splitN("a,b,c", ",", 2).join("|") + splitN("a,b", ",", -1).join("|"), "a|b,ca|b", "divided");
  same(splitN("a,b", ",", 0).length + splitN("a", ",", 1).length, 1, "at the ends");
  same(
    trimPrefix("go.mod", "go") + trimSuffix("x.go", ".go") + trimPrefix("a", "b") + trimSuffix("a", "b"),
    ".modxaa",
    "trimmed",
  );
}

class Point {
  next: Point | null = null;
  constructor(
    public x: i32,
    protected y: f64,
    public name: string,
  ) {}
}

class Celsius {
  constructor(public degrees: f64) {}
  toString(): string {
    return sprintf("%.1f°", this.degrees);
  }
}

class NotFound extends Error {}

function wrapped(format: Format): string {
  return "<" + format.text() + ">";
}

/** What Go's fmt writes. */
function valuesAreFormatted(): void {
  same(
    sprintf("%d|%5.2f|%q|%x|%v|%-6s|%6s|%06d|%+d|%%", 5, 3.14159, "hi\n", 255, true, "ab", "é", -42, <u8>7),
    '5| 3.14|"hi\\n"|ff|true|ab    |     é|-00042|+7|%',
    "verbs",
  );
  // As Go 1.26 has it: 0 fills texts up, too.
  same(
    sprintf(
      "%06s|%06q|%06v|%-06s|%06c|%06d|%06t|%+q|%+q|%q|%q|%04x",
      "ab",
      "é",
      "é",
      "ab",
      0x78,
      -5,
      true,
      "é",
      0xe9,
      0x27,
      0x110000,
      "hi",
    ),
    "0000ab|000\"é\"|00000é|ab    |00000x|-00005|00true|\"\\u00e9\"|'\\u00e9'|'\\''|'�'|6869",
    "zeros and quotes",
  );
  same(
    sprintf(
      "%g %v %.2e %6.1f|%-8.3f|%+.1f|%08.2f %v %v",
      1e-7,
      1e21,
      12345.678,
      2.25,
      2.5,
      0.5,
      -3.14159,
      <f32>0.1,
      NaN,
    ),
    "1e-07 1e+21 1.23e+04    2.2|2.500   |+0.5|-0003.14 0.1 NaN",
    "floats",
  );
  same(
    sprintf("%v %v %v %.0f %.0f", 5e-324, 1.7976931348623157e308, 123456789.0, 0.5, 2.5),
    "5e-324 1.7976931348623157e+308 1.23456789e+08 0 2",
    "the ends",
  );
  same(
    sprintf("%#x|%#o|%b|%c|%U|%q|% X|%.2s|%5q|%t|%.3d", 255, 8, 5, 0x1f600, 0x41, 0x78, "hi", "abc", "a", false, 7),
    "0xff|010|101|😀|U+0041|'x'|68 69|ab|  \"a\"|false|007",
    "other bases, characters, texts",
  );
  same(sprintf("%*d|%-*d|%.*f", 5, 1, 5, 2, 2, 3.14159), "    1|2    |3.14", "sizes among the values");
  const map = new Map<string, i32>();
  map.set("z", 1);
  map.set("a", 2);
  const point = new Point(1, 2.5, "p");
  same(
    sprintf("%v %d %q %v %+v %v %x", map, [1, 2], ["a b", "c"], point, point, [new Celsius(3.5)], utf8("hi")),
    'map[a:2 z:1] [1 2] ["a b" "c"] {<nil> 1 2.5 p} {next:<nil> x:1 y:2.5 name:p} [3.5°] 6869',
    "objects",
  );
  point.next = point;
  same(sprintf("%v", point), "{… 1 2.5 p}", "in itself");
  const unknown = ["%d %s %d|%z", "%s|%*d"];
  same(sprintf(unknown[0], "x", 3), "%!d(string=x) %!s(i32=3) %!d(MISSING)|%!z(MISSING)", "what does not fit");
  same(
    sprintf(unknown[1], null as Point | null, "w", 4, 5),
    "%!s(<nil>)|%!(BADWIDTH)4%!(EXTRA i32=5)",
    "what is left over",
  );
  same(sprint(1, 2, "a", "b", 3, 4.5) + sprintln("a", 1), "1 2ab3 4.5a 1\n", "without a format");
  same(wrapped("%d of %d", 3, 5) + wrapped("plain"), "<3 of 5><plain>", "functions of one's own");
  const cause = new NotFound("cause");
  const error = errorf("outer: %w", errorf("inner: %w", cause));
  same(error.message, "outer: inner: cause", "wrapped");
  check(is(error, cause) && !is(error, new Error("cause")) && find<NotFound>(error) === cause, "what is in it");
  check(find<WrappedError>(cause) === null && unwrap(cause) === null, "nothing is in it");
}

class Line {
  article: string = "";
  count: u8 = 1;
  price: f64 = 0;
}

class Order {
  id: i64 = 0;
  lines: Line[] = [];
  note: string | null = null;
  readonly tags: Map<string, bool[]> = new Map<string, bool[]>();
  private bytes: Uint8Array = utf8("hi");
  parent: Order | null = null;
}

function wrongJson<T>(text: string): string {
  const parsed = decode<T>(text);
  check(parsed.value == null, "nothing");
  return parsed.error!.message;
}

function objectsAreJson(): void {
  const order = new Order();
  order.id = 9007199254740993;
  order.lines.push(new Line());
  order.lines[0].article = 'a"\\\n\x01é\ud83d\ude00\ud800';
  order.lines[0].price = 1e21;
  order.tags.set("t", [true, false]);
  order.parent = new Order();
  const line = '{"article":"a\\"\\\\\\n\\u0001é😀\\ud800","count":1,"price":1e+21}';
  const none = '{"id":0,"lines":[],"note":null,"tags":{},"bytes":"aGk=","parent":null}';
  const text = `{"id":9007199254740993,"lines":[${line}],"note":null,"tags":{"t":[true,false]},"bytes":"aGk=","parent":${none}}`;
  same(encode(order), text, "written");
  same(encode(decode<Order>(text).value), text, "and read");
  same(encode([1, 2], "  ") + encode(new Map<string, i32>(), "  "), "[\n  1,\n  2\n]{}", "by lines");
  const read = decode<Line[]>(' [ {"count" : 2, "other": [{"x": [1.5e3, null, "\\u00e9\\/"]}] } , {} ] ').value!;
  same(read.length, 2, "how many");
  same(read[0].count, <u8>2, "what it says");
  same(read[1].count, <u8>1, "what it does not");
  same(decode<Map<string, f64>>('{"a": -0.5}').value!.get("a"), -0.5, "a map");
  check(decode<Line | null>("null").value === null && decode<Line | null>("null").error === null, "null");
  same(wrongJson<Line>('{\n  "count": 256}'), "json: a number that is a u8 expected at 2:12", "out of range");
  same(wrongJson<Line>('{"article": 5}'), "json: a text expected at 1:13", "another type");
  for (const wrong of ["", "{", "[1", "[1,]", "[01]", "[1] x", "[1.]", "[-]", "[+1]", "nul", "[1 2]"])
    wrongJson<f64[]>(wrong);
  for (const wrong of ['"', '"\\x"', '"\\u12"', '"\n"', "'a'"]) wrongJson<string>(wrong);
  wrongJson<Line>('{"x":' + "[".repeat(100000));
}

function bytesAreWrittenAsTexts(): void {
  same(hex(utf8("hé")), "68c3a9", "hexadecimal");
  same(fromUtf8(fromHex("68C3a9")!), "hé", "and back");
  check(fromHex("abc") === null && fromHex("zz") === null, "not hexadecimal");
  const texts = ["", "f", "fo", "foo", "foob", "fooba", "foobar"];
  const encoded = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
  for (const [i, text] of texts.entries()) {
    same(base64(utf8(text)), encoded[i], text);
    same(fromUtf8(fromBase64(encoded[i])!), text, encoded[i]);
    same(fromUtf8(fromBase64(base64Url(utf8(text)))!), text, "without =");
  }
  const all = new Uint8Array(256);
  for (let i = 0; i < 256; i++) all[i] = <u8>i;
  same(hex(fromBase64(base64Url(all))!), hex(all), "all bytes");
  for (const text of ["Z", "Zg=", "Zg===", "Z*==", "=", "Zm9v="]) check(fromBase64(text) === null, text);
}

function digestsAreTheirs(): void {
  const text = utf8("The quick brown fox jumps over the lazy dog");
  same(crc32(text), 0x414fa339, "crc32");
  same(crc32(text.subarray(10), crc32(text.subarray(0, 10))), 0x414fa339, "crc32 in pieces");
  same(hex(md5(text)), "9e107d9d372bb6826bd81d3542a419d6", "md5");
  same(hex(sha1(text)), "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12", "sha1");
  same(hex(sha256(text)), "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592", "sha256");
  same(hex(sha256(utf8(""))), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "sha256 of nothing");
  for (let n = 50; n < 70; n++) {
    const bytes = utf8("x".repeat(n));
    const pieces = new Sha256();
    pieces.update(bytes.subarray(0, 5));
    pieces.update(bytes.subarray(5));
    same(hex(pieces.digest()), hex(sha256(bytes)), "in pieces");
  }
}

export function main(): void {
  aHeapIsInOrder();
  aListKeepsItsPlaces();
  numbersAreParsedStrictly();
  textsAreBuilt();
  valuesAreFormatted();
  objectsAreJson();
  bytesAreWrittenAsTexts();
  digestsAreTheirs();
  println("ok");
}
