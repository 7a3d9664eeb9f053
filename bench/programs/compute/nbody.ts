/** N-body: the sun and its four great planets, stepped by a symplectic integrator. Objects, fields and square roots. */
import { arg, check, total } from "../harness";

const steps = arg(0, 2_000_000);
const solarMass: f64 = 4.0 * Math.PI * Math.PI;
const daysPerYear: f64 = 365.24;

class Body {
  constructor(
    public x: f64,
    public y: f64,
    public z: f64,
    public vx: f64,
    public vy: f64,
    public vz: f64,
    public mass: f64,
  ) {}
}

/**
 * Position, velocity and mass of each, in astronomical units, days and suns: the initial state of the Computer Language
 * Benchmarks Game.
 */
// prettier-ignore
const table: StaticArray<f64> = [
  // Sun
  0, 0, 0,
  0, 0, 0, 1,
  // Jupiter
  4.84143144246472090, -1.16032004402742839, -0.103622044471123109,
  0.00166007664274403694, 0.00769901118419740425, -0.0000690460016972063023, 0.000954791938424326609,
  // Saturn
  8.34336671824457987, 4.12479856412430479, -0.403523417114321381,
  -0.00276742510726411040, 0.00499852801234917238, 0.0000230417297573763929, 0.000285885980666130812,
  // Uranus
  12.8943695621391310, -15.1111514016986312, -0.223307578892655734,
  0.00296460137564761618, 0.00237847173959480950, -0.0000296589568540237556, 0.0000436624404335156298,
  // Neptune
  15.3796971148509165, -25.9193146099879641, 0.179258772950371181,
  0.00268067772490389322, 0.00162824170038242295, -0.0000951592254519715870, 0.0000515138902046611451,
];
const columns: i32 = 7;

/** The bodies of the table, the sun moving so that the whole is at rest. */
function solarSystem(): StaticArray<Body> {
  const bodies = new StaticArray<Body>(table.length / columns);
  let px = 0.0;
  let py = 0.0;
  let pz = 0.0;
  for (let i = 0; i < bodies.length; i++) {
    const t = i * columns;
    const b = new Body(
      table[t],
      table[t + 1],
      table[t + 2],
      table[t + 3] * daysPerYear,
      table[t + 4] * daysPerYear,
      table[t + 5] * daysPerYear,
      table[t + 6] * solarMass,
    );
    px += b.vx * b.mass;
    py += b.vy * b.mass;
    pz += b.vz * b.mass;
    bodies[i] = b;
  }
  const sun = bodies[0];
  sun.vx = -px / solarMass;
  sun.vy = -py / solarMass;
  sun.vz = -pz / solarMass;
  return bodies;
}

function advance(bodies: StaticArray<Body>, dt: f64): void {
  for (let i = 0; i < bodies.length; i++) {
    const a = bodies[i];
    for (let j = i + 1; j < bodies.length; j++) {
      const b = bodies[j];
      const dx = a.x - b.x;
      const dy = a.y - b.y;
      const dz = a.z - b.z;
      const square = dx * dx + dy * dy + dz * dz;
      const magnitude = dt / (square * Math.sqrt(square));
      a.vx -= dx * b.mass * magnitude;
      a.vy -= dy * b.mass * magnitude;
      a.vz -= dz * b.mass * magnitude;
      b.vx += dx * a.mass * magnitude;
      b.vy += dy * a.mass * magnitude;
      b.vz += dz * a.mass * magnitude;
    }
  }
  for (let i = 0; i < bodies.length; i++) {
    const b = bodies[i];
    b.x += dt * b.vx;
    b.y += dt * b.vy;
    b.z += dt * b.vz;
  }
}

function energy(bodies: StaticArray<Body>): f64 {
  let e = 0.0;
  for (let i = 0; i < bodies.length; i++) {
    const a = bodies[i];
    e += 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz);
    for (let j = i + 1; j < bodies.length; j++) {
      const b = bodies[j];
      const dx = a.x - b.x;
      const dy = a.y - b.y;
      const dz = a.z - b.z;
      e -= (a.mass * b.mass) / Math.sqrt(dx * dx + dy * dy + dz * dz);
    }
  }
  return e;
}

function work(): void {
  const bodies = solarSystem();
  check(Math.abs(energy(bodies) - -0.169075164) < 1e-9, "the energy at the beginning");
  for (let i = 0; i < steps; i++) advance(bodies, 0.01);
  check(Math.abs(energy(bodies) - -0.16908) < 1e-4, "the energy at the end");
}

export function main(): void {
  total(arg(1, 5), work);
}
