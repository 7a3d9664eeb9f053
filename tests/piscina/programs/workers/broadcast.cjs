const { BroadcastChannel } = require("node:worker_threads");

module.exports = ({ name, ready }) =>
  new Promise((resolve) => {
    const channel = new BroadcastChannel("my_channel");
    channel.onmessage = (event) => {
      channel.close();
      resolve(`${name}: ${event.data}`);
    };
    Atomics.add(new Int32Array(ready), 0, 1);
  });
