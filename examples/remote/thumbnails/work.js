/** What the workers run: a picture comes as bytes, since other machines do not have its file, and a smaller one goes back. */
import { PNG } from "pngjs";

/** Each pixel is the mean of those that it stands for. */
export function thumbnail(bytes, wanted) {
  const large = PNG.sync.read(Buffer.from(bytes));
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
  return PNG.sync.write(small);
}
