const { setTimeout } = require("node:timers/promises");

async function initialise() {
  await setTimeout(20);
  return ({ a, b }) => a + b;
}

module.exports = initialise();
