const { setTimeout } = require("node:timers/promises");

module.exports = async ({ a, b }) => {
  await setTimeout(20);
  return a + b;
};
