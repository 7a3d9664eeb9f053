const { once } = require("node:events");
const { MessageChannel } = require("node:worker_threads");
const { move } = require(process.env.LIBRARY);

exports.greet = async ({ port }) => {
  port.postMessage("hello");
  const [answer] = await once(port, "message");
  port.close();
  return answer;
};

exports.give = () => {
  const { port1, port2 } = new MessageChannel();
  port1.on("message", (message) => {
    port1.postMessage(`${message}, answered`);
    port1.close();
  });
  return move(port2);
};
