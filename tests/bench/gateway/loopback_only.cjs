// For a server that has no option for its address: node --require loopback_only.cjs ...
const { Server } = require('node:net');

const listen = Server.prototype.listen;
Server.prototype.listen = function (port, ...rest) {
  const callback = rest.find((one) => typeof one === 'function');
  return listen.call(this, { port: Number(port), host: '127.0.0.1', backlog: 4096 }, callback);
};
