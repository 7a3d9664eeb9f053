#!/usr/bin/env node
/** Thumbnails of the pictures in a folder, a goroutine each. The codecs are JavaScript, and the progress bar keeps moving. */
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { isMainThread } from "node:worker_threads";
import progress from "cli-progress";
import jpeg from "jpeg-js";
import { PNG } from "pngjs";
import { start } from "skein";

const HELP = `Usage: thumbnails.js [FOLDER] [--width PIXELS] [--procs N]

Writes a thumbnail of each .png and .jpg in FOLDER to FOLDER/thumbnails. Without FOLDER it paints some pictures first.`;

const isPng = (file) => file.endsWith(".png");
const decode = (file, bytes) => (isPng(file) ? PNG.sync.read(bytes) : jpeg.decode(bytes));
const encode = (file, picture) => (isPng(file) ? PNG.sync.write(picture) : jpeg.encode(picture).data);

/** A task: paints a picture. */
export async function paint(file, n, width = 800, height = 600) {
  const picture = new PNG({ width, height, fill: true });
  for (let i = 0; i < width * height; i++) picture.data.set([i * n, i >> 4, n * 16, 255], i * 4);
  await writeFile(file, encode(file, picture));
}

/** A task: reads a picture and writes a smaller one, each pixel the mean of those that it stands for. */
export async function thumbnail(from, to, wanted) {
  const large = decode(from, await readFile(from));
  const scale = Math.max(1, large.width / wanted);
  const [width, height] = [large.width, large.height].map((size) => Math.max(1, Math.floor(size / scale)));
  const small = new PNG({ width, height });
  for (let i = 0; i < small.data.length; i++) {
    const [left, top] = [(i >> 2) % width, Math.floor((i >> 2) / width)].map((at) => Math.floor(at * scale));
    let [sum, count] = [0, 0];
    for (let y = top; y < Math.min(top + scale, large.height); y++) {
      for (let x = left; x < Math.min(left + scale, large.width); x++, count++) {
        sum += large.data[(y * large.width + x) * 4 + (i & 3)];
      }
    }
    small.data[i] = sum / count;
  }
  await writeFile(to, encode(to, small));
}

async function main() {
  const [width, procs, help] = [{ type: "string", default: "160" }, { type: "string" }, { type: "boolean" }];
  const { values, positionals } = parseArgs({ options: { width, procs, help }, allowPositionals: true });
  if (values.help) return console.log(HELP);
  const rt = await start({ procs: values.procs && Number(values.procs) });
  const { paint, thumbnail } = rt.tasks(import.meta.url);

  const folder = positionals[0] ?? (await mkdtemp(path.join(os.tmpdir(), "pictures-")));
  const samples = Array.from({ length: positionals[0] ? 0 : 16 }, (_, n) => `sample-${n}.${n % 2 ? "jpg" : "png"}`);
  await Promise.all(samples.map((name, n) => rt.go(paint, path.join(folder, name), n)));

  const out = path.join(folder, "thumbnails");
  await mkdir(out, { recursive: true });
  const pictures = (await readdir(folder)).filter((name) => /\.(png|jpe?g)$/.test(name));
  const bar = new progress.SingleBar({ format: "{bar} {value}/{total} {name}" }, progress.Presets.shades_classic);
  bar.start(pictures.length, 0, { name: "" });
  const pool = rt.pool(2 * rt.procs); // so many at once, as pictures take memory
  const made = pictures.map(async (name) => {
    await pool.submit(thumbnail, path.join(folder, name), path.join(out, name), Number(values.width));
    bar.increment({ name });
  });
  const outcomes = await Promise.allSettled(made);
  bar.stop();
  await rt.close();
  for (const [i, { reason }] of outcomes.entries()) if (reason) console.error(`${pictures[i]}: ${reason.message}`);
  const failed = outcomes.filter(({ status }) => status === "rejected").length;
  console.log(`${made.length - failed} thumbnails in ${out}`);
  process.exitCode = Math.min(failed, 1);
}

const fail = ({ message }) => (console.error(`thumbnails: ${message}`), process.exit(1));
if (isMainThread) main().catch(fail);
