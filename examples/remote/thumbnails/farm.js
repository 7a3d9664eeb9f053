#!/usr/bin/env node
/** Has workers make a thumbnail of each picture in a folder. It may be started before them, and they may come and go meanwhile. */
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import progress from "cli-progress";
import { PNG } from "pngjs";
import { connect } from "skein/remote";

const HELP = `Usage: farm.js [FOLDER] [--nats URL] [--name CLUSTER] [--width PIXELS] [--samples N]

Writes a thumbnail of each .png in FOLDER to FOLDER/thumbnails. Without FOLDER it paints some pictures (40) first.
The workers: skein worker pictures=work.js --nats URL --name thumbnails`;

/** How many pictures are on their way at a time, as they take memory. */
const AT_ONCE = 16;

async function paint(file, n, width = 800, height = 600) {
  const picture = new PNG({ width, height, fill: true });
  for (let i = 0; i < width * height; i++) picture.data.set([i * n, i >> 4, n * 16, 255], i * 4);
  await writeFile(file, PNG.sync.write(picture));
}

async function main() {
  const text = (fallback) => ({ type: "string", default: fallback });
  const options = { nats: text("nats://127.0.0.1:4222"), name: text("thumbnails"), width: text("160") };
  const { values, positionals } = parseArgs({
    options: { ...options, samples: text("40"), help: { type: "boolean" } },
    allowPositionals: true,
  });
  if (values.help) return console.log(HELP);

  const folder = positionals[0] ?? (await mkdtemp(path.join(os.tmpdir(), "pictures-")));
  const samples = positionals[0] ? 0 : Number(values.samples);
  for (let n = 0; n < samples; n++) await paint(path.join(folder, `sample-${n}.png`), n);
  const out = path.join(folder, "thumbnails");
  await mkdir(out, { recursive: true });
  const pictures = (await readdir(folder)).filter((name) => name.endsWith(".png"));

  const cluster = await connect({ servers: values.nats, name: values.name });
  const { thumbnail } = cluster.tasks("pictures");
  const bar = new progress.SingleBar({ format: "{bar} {value}/{total} {name}" }, progress.Presets.shades_classic);
  bar.start(pictures.length, 0, { name: "" });
  const failures = [];
  const left = pictures.values();
  const send = async () => {
    for (const name of left) {
      try {
        const call = cluster.go.with(
          { retries: 2 },
          thumbnail,
          await readFile(path.join(folder, name)),
          Number(values.width),
        );
        await writeFile(path.join(out, name), await call);
      } catch (error) {
        failures.push(`${name}: ${error.message}`);
      }
      bar.increment({ name });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  bar.stop();
  await cluster.drain();
  for (const failure of failures) console.error(failure);
  console.log(`${pictures.length - failures.length} thumbnails in ${out}`);
  process.exitCode = Math.min(failures.length, 1);
}

main().catch(({ message }) => (console.error(`farm: ${message}`), process.exit(1)));
